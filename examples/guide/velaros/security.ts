// Who may connect, from where, and until when.
import type { Attachment, ListenOptions, Router } from "velaros";

export interface Session {
  readonly user: string;
  readonly expiresAtMs: number;
}

export function securityOptions(
  findSession: (token: string, signal: AbortSignal) => Promise<Session | undefined>,
): Omit<ListenOptions, "port"> {
  return {
    // Pages of other hosts that may connect; the page's own host always may
    origins: ["https://app.example.com", "https://*.example.org"],
    async authenticate(request, { signal, expiresAt }) {
      const token = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
      const session = token === undefined ? undefined : await findSession(token, signal);
      if (session === undefined) return undefined; // 401
      expiresAt(session.expiresAtMs); // then 1008
      return { user: session.user }; // ctx.trusted["user"], which no client can write
    },
  };
}

/** Ends what a user has open, when an account is locked. */
export function lockOut(endpoint: Attachment, user: string): number {
  return endpoint.closeConnections((info) => info.trusted?.["user"] === user, {
    code: 4403,
    reason: "account locked",
  });
}

/** Facts that hold for one message. */
export function requireAdmin(router: Router, isAdmin: (user: unknown) => Promise<boolean>): void {
  router.use("/admin", async (ctx) => {
    ctx.setTrusted("admin", await isAdmin(ctx.trusted["user"]));
    await ctx.next();
  });
}

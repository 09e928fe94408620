import process from "node:process";

/** What main.ts tells each process that it starts. */
export interface MemberConfig {
  readonly name: string;
  readonly natsUrl: string;
}

/** What runs in such a process. */
export interface Member {
  /** Where clients connect, for a gateway. */
  readonly url?: string;
  stop(): Promise<void>;
}

/** Runs a member of the fleet, tells main.ts when it is ready, and stops it when told to or when main.ts is gone. */
export async function member(start: (config: MemberConfig) => Promise<Member>): Promise<void> {
  process.on("SIGINT", () => undefined); // Ctrl-C reaches every process of a terminal; main.ts decides
  const running = await start(JSON.parse(process.argv[2] ?? "{}") as MemberConfig);
  const stop = (): void => void running.stop().finally(() => process.exit());
  process.once("SIGTERM", stop);
  process.once("disconnect", stop);
  process.send?.({ url: running.url });
}

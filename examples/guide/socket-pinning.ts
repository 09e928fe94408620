// A login whose result is there for every later message of the same connection.
import { ReplyError, Router } from "velaros";
import { json } from "velaros/json";

const accounts = new Map([["ada", { password: "lovelace", userId: "u-1815", role: "admin" }]]);

export const router = new Router();
router.use(json());

// First message: find out who it is, and keep that on the socket.
router.publicBind("/auth/login", async (ctx) => {
  const { name, password } = await ctx.receive<{ name: string; password: string }>();
  const account = accounts.get(name);
  if (account?.password !== password) throw new ReplyError("FORBIDDEN", "Wrong name or password.");

  ctx.setOnSocket("userId", account.userId);
  ctx.setOnSocket("role", account.role);
  return { status: "welcome" };
});

// Later messages: it is still there, because they reach the same instance.
router.publicBind("/api/data", (ctx) => {
  const userId = ctx.getFromSocket<string>("userId");
  const role = ctx.getFromSocket<string>("role");
  if (userId === undefined) throw new ReplyError("FORBIDDEN", "Log in first.");
  return { userId, role };
});

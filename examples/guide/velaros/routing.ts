// What runs for a message, and in which order.
import { ReplyError, Router } from "velaros";
import { json } from "velaros/json";

const posts = new Router({ mountedAt: "/users/:user/posts" })
  .bind("/", (ctx) => ({ postsOf: ctx.params.user }))
  .bind("/:post(\\d+)", (ctx) => ({ post: Number(ctx.params.post), by: ctx.params.user }));

export function createRouter(log: (line: string) => void): Router {
  return (
    new Router()
      .use(json())
      // Middleware for every message
      .use(async (ctx) => {
        await ctx.next(); // everything below
        log(`${ctx.path} ${ctx.error === undefined ? "ok" : "failed"}`);
      })
      // Middleware for /admin and everything under it
      .use("/admin", (ctx) => {
        if (ctx.trusted["role"] !== "admin") throw new ReplyError("FORBIDDEN", "Only admins may do this.");
        return ctx.next();
      })
      .bind("/admin/restart", () => ({ restarting: true }))
      // Another router: its patterns begin behind the mount
      .use("/users/:user/posts", posts)
      // An old name of a route
      .use("/people/:user", (ctx) => {
        ctx.setMessagePath(`/users/${ctx.params.user}`);
        return ctx.next();
      })
      .bind("/users/:user", (ctx) => ({ user: ctx.params.user }))
      // Whatever is left
      .use((ctx) => ctx.reply({ nothingAt: ctx.path }))
  );
}

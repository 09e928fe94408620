// What a handler can read, keep and answer.
import { FieldError, ReplyError, Router, setFn } from "velaros";
import { json } from "velaros/json";

/** What handlers keep on the socket: as long as the connection, for all of its messages. */
type State = { username: string };

export const router = new Router<State>()
  .use(json())
  .use(setFn("receivedAt", Date.now)) // kept on the message: as long as its handlers run
  .bind("/login", (ctx) => {
    const { username } = ctx.unmarshal<{ username?: string }>();
    if (username === undefined) return new FieldError("username", "is missing");
    ctx.setOnSocket("username", username);
    return { welcome: username };
  })
  .bind("/me", (ctx) => {
    const username = ctx.getFromSocket("username"); // string | undefined
    if (username === undefined) {
      ctx.status = 401; // beside the answer
      throw new ReplyError("FORBIDDEN", "Log in first.", { details: { path: "/login" } });
    }
    return { username, age: Date.now() - ctx.mustGet<number>("receivedAt") };
  })
  .bind("/countdown", async (ctx) => {
    for (const left of [3, 2, 1]) await ctx.reply({ left }); // several answers, same id
    await ctx.push({ text: "Lift-off" }, { path: "/news" }); // no id: answers nothing
  });

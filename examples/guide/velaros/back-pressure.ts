// A million lines to a client of any speed, in little memory.
import { Router } from "velaros";
import { json } from "velaros/json";

export const router = new Router().use(json()).bind("/lines", async (ctx) => {
  const { count } = ctx.unmarshal<{ count: number }>();
  for (let line = 0; line < count && !ctx.signal.aborted; line++) {
    await ctx.push({ line }); // waits while more than 1 MiB is on its way
  }
  return { sent: count };
});

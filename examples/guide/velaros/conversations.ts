// Handlers that go on talking.
import { Router, VelarosError } from "velaros";
import { json } from "velaros/json";

interface Item {
  readonly name: string;
  readonly last?: boolean;
}

export const router = new Router()
  .use(json())
  // The client sends several messages with the same id.
  .bind("/basket", async (ctx) => {
    const names: string[] = [];
    for (;;) {
      const { name, last } = await ctx.receive<Item>({ timeoutMs: 30_000 });
      names.push(name);
      if (last === true) return { bought: names };
      await ctx.reply({ soFar: names.length });
    }
  })
  // The server asks, and the client answers with the id of the question.
  .bind("/delete", async (ctx) => {
    const sure = await ctx.request<boolean>("Are you sure?", { timeoutMs: 60_000 });
    return { deleted: sure };
  })
  // A client that says nothing is no failure of ours.
  .bind("/quiz", async (ctx) => {
    try {
      return { right: (await ctx.request("2 + 2?", { timeoutMs: 50 })) === 4 };
    } catch (error) {
      if (VelarosError.is(error, "VELAROS_REQUEST_TIMEOUT")) return { right: false, tooLate: true };
      throw error;
    }
  });

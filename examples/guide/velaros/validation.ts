// Data that is checked before a handler sees it.
import { Router } from "velaros";
import { json } from "velaros/json";
import { z } from "zod"; // or valibot, arktype, …: anything that follows Standard Schema

const Booking = z.object({
  guests: z.number().int().min(1).max(8),
  date: z.iso.date(),
});
const Confirmation = z.object({ table: z.number(), date: z.string() });

export const router = new Router()
  .use(json())
  .publicBind("/tables/:table/book", { input: Booking, output: Confirmation }, async (ctx) => {
    const { date, guests } = await ctx.receive(); // typed by the schema
    return guests > 0 ? { table: Number(ctx.params.table), date } : undefined;
  })
  .publicBind("/tables/free", () => ({ tables: [3, 5] }));

// What a client may call, derived from the type of the router: no code is shared, nothing is generated.
import type { PathParams, RouteInput, RouteOutput } from "velaros-protocol";
import type { router } from "./validation.ts";

type Routes = (typeof router)["~routes"];

export interface Client {
  call<Path extends keyof Routes>(
    path: Path,
    input: RouteInput<Routes, NoInfer<Path>>,
    ...params: keyof PathParams<NoInfer<Path>> extends never ? [] : [PathParams<NoInfer<Path>>]
  ): Promise<RouteOutput<Routes, Path>>;
}

export async function book(client: Client): Promise<number> {
  const { tables } = await client.call("/tables/free", undefined);
  const booking = { guests: 2, date: "2026-12-24" };
  const { table } = await client.call("/tables/:table/book", booking, { table: String(tables[0]) });
  return table;
}

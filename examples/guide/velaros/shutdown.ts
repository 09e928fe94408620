// A program that ends cleanly.
import type { Router } from "velaros";

export async function serveUntil(stop: AbortSignal, router: Router, log = console.log): Promise<void> {
  // Closed at the end of the block, whatever happens in it
  await using listening = await router.listen({ port: 0 });
  log(`Listening on ${listening.url}`);

  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));

  // Clients get 1001, what runs has five seconds to finish.
  await listening.close({ code: 1001, graceMs: 5_000 });
}

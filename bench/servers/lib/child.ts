// What every program that the benchmarks start has in common.
import process from "node:process";

/** What the starter passed as the only argument. */
export function readConfig<Config>(): Config {
  return JSON.parse(process.argv[2] ?? "{}") as Config;
}

/** Tells the starter that load may come. From then on the program ends with its starter, or when told to. */
export function ready(
  facts: Readonly<Record<string, unknown>>,
  perform?: (request: unknown) => unknown,
): void {
  // An ordinary exit, so that a CPU profile gets written.
  process.on("SIGTERM", () => process.exit(0));
  process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the starter decides.
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message: { readonly call: number; readonly request: unknown }) => {
    void (async () => perform?.(message.request))().then(
      (result: unknown) => process.send?.({ call: message.call, result }),
      (error: unknown) => process.send?.({ call: message.call, error: String(error) }),
    );
  });
  process.send?.({ ready: facts });
}

/** Answers the request `"collect"` with a garbage collection (needs `--expose-gc`). */
export function collectGarbage(request: unknown): void {
  if (request === "collect") globalThis.gc?.();
}

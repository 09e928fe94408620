/** Calls `close` when the signal aborts. Returns the way to stop that. */
export function closeOnAbort(signal: AbortSignal | undefined, close: () => Promise<void>): () => void {
  if (signal === undefined) return () => {};
  const onAbort = (): void => void close();
  signal.addEventListener("abort", onAbort, { once: true });
  return () => signal.removeEventListener("abort", onAbort);
}

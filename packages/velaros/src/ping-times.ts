/** When a connection is pinged, and how long it may take to answer. In milliseconds. */
export interface PingTimes {
  /** `0` when it is not pinged at all. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** The options of pings, with their defaults; a timeout of `0` stands for the interval. */
export function pingTimes(options: {
  readonly pingIntervalMs?: number | undefined;
  readonly pongTimeoutMs?: number | undefined;
}): PingTimes {
  const intervalMs = options.pingIntervalMs ?? 25_000;
  const timeoutMs = options.pongTimeoutMs ?? 10_000;
  return { intervalMs, timeoutMs: timeoutMs === 0 && intervalMs !== 0 ? intervalMs : timeoutMs };
}

/** How a connection wraps its messages. */
export type Dialect = "envelope" | "socket.io";

/** What the clients do. Exactly one of `inFlight` (closed loop) and `perSecond` (open loop) is given. */
export interface LoadShape {
  readonly connections: number;
  /** Closed loop: every connection always has this many unanswered messages. */
  readonly inFlight?: number;
  /** Open loop: this many messages per second over all connections, whether or not answers come. */
  readonly perSecond?: number;
  /** Size of the JSON value in `data`. The message around it (id, path, braces) adds about 60 bytes. */
  readonly dataBytes: number;
}

/** Where the load goes. */
export interface Destination {
  readonly port: number;
  readonly path: string;
  readonly dialect: Dialect;
  /** Over how many areas (services) the connections spread; each connection stays with one. 1 when absent. */
  readonly areas?: number | undefined;
}

/** What one measured window showed. */
export interface Window {
  readonly seconds: number;
  readonly replies: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** CPU time of each watched process (user and system, all threads) divided by the replies. */
  readonly cpuMicrosPerReply: Readonly<Record<string, number>>;
  /** CPU time of the generator divided by the replies. */
  readonly generatorMicrosPerReply: number;
  /** Share of one core that the generator used; near 1 it may be the bottleneck. */
  readonly generatorUtilisation: number;
  /** Replies whose content was parsed and compared; all others were counted and measured by length. */
  readonly checkedReplies: number;
}

export function describeShape(shape: LoadShape): string {
  const size = shape.dataBytes >= 1024 ? `${shape.dataBytes / 1024} KiB` : `${shape.dataBytes} B`;
  const clients = `${shape.connections} ${shape.connections === 1 ? "connection" : "connections"}`;
  return shape.inFlight === undefined
    ? `${size}, ${clients}, ${shape.perSecond}/s paced`
    : `${size}, ${clients} × ${shape.inFlight} in flight`;
}

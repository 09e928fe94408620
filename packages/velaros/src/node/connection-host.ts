import type { Runtime } from "velaros-protocol";
import type { ConnectionInfo, ConnectionInlet } from "../connection.ts";
import type { WatchLimits } from "./connection-watch.ts";
import type { Beating, Heartbeat } from "./heartbeat.ts";
import type { MemoryHolder } from "./memory-watch.ts";
import type { Settings } from "./settings.ts";
import type { Turn } from "./turn.ts";

/** What the connections of one endpoint share. */
export interface ConnectionHost {
  readonly settings: Settings;
  readonly limits: ConnectionLimits;
  readonly runtime: Runtime;
  readonly turn: Turn;
  readonly heartbeat: Pick<Heartbeat<HostedConnection>, "add" | "delete" | "watch" | "ticks" | "now">;
  /** A client is about to be closed because it sends too fast. */
  rateLimited(inlet: ConnectionInlet): void;
  /** A client is about to be closed for what it does, or for what it can't take. */
  gaveUp(info: ConnectionInfo, status: number, reason: string): void;
  /** The connection and its socket are gone. */
  gone(connection: HostedConnection): void;
}

/** A connection, as far as what it shares with others has to do with it. */
export interface HostedConnection extends Beating, MemoryHolder {
  readonly info: ConnectionInfo;
}

/** How long things may last, in ticks of the heartbeat, and how many messages may pass unlooked at. */
export interface ConnectionLimits extends WatchLimits {
  readonly pongTicks: number;
  /** Frames between two looks at the clock; see `read-pace.ts`. */
  readonly messagesPerLook: number;
  /** Whether connections may be idle, or last, for so long only, and are watched for as long as they live. */
  readonly isTimed: boolean;
}

import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { Runtime } from "velaros-protocol";

/** What this transport decides itself, because the fleet's promises rest on it. */
type Decided =
  | "maxReconnectAttempts"
  | "reconnect"
  | "reconnectDelayHandler"
  | "reconnectTimeWait"
  | "reconnectJitter"
  | "reconnectJitterTLS"
  | "noAsyncTraces";

/** Everything that `connect` of `@nats-io/transport-node` takes, but for how it comes back. */
export interface NatsTransportOptions extends Omit<NodeConnectionOptions, Decided> {
  /** Where time and timers come from. @defaultValue Node's */
  readonly runtime?: Runtime | undefined;
}

/** The wait between two attempts to reach the servers again. */
const reconnectWaitMs = 250;
const reconnectJitterMs = 100;
/** How long one attempt may take; a server that swallows packets must not hold the others up. */
const dialTimeoutMs = 2_000;

/** The options of a connection that never gives up, comes back quickly and keeps no stack trace per request. */
export function connectionOptions(options: NatsTransportOptions): NodeConnectionOptions {
  return {
    timeout: dialTimeoutMs,
    ...options,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectJitterMs,
    reconnectJitterTLS: reconnectJitterMs,
    noAsyncTraces: true,
  };
}

/**
 * The settings that a connection made elsewhere lacks, as an operator would write them. The client does not
 * publish its options: a connection that hides them is taken to lack them.
 */
export function missingSettings(connection: object): string[] {
  const options: unknown = Reflect.get(connection, "options");
  const read = (name: string): unknown =>
    typeof options === "object" && options !== null ? Reflect.get(options, name) : undefined;
  const missing: string[] = [];
  if (read("reconnect") === false || read("maxReconnectAttempts") !== -1) {
    missing.push("maxReconnectAttempts: -1");
  }
  const waitMs = read("reconnectTimeWait");
  if (typeof waitMs !== "number" || waitMs > 2 * reconnectWaitMs) {
    missing.push(`reconnectTimeWait: ${reconnectWaitMs}`);
  }
  return missing;
}

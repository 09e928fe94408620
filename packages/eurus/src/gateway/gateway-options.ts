import { nodeRuntime } from "velaros";
import type { Logger } from "velaros";
import type { Runtime } from "velaros-protocol";
import { announcementLimits } from "../directory/announcement-limits.ts";
import type { AnnouncementLimits, AnnouncementOptions } from "../directory/announcement-limits.ts";
import { EurusError } from "../errors.ts";
import { atLeast, record, texts } from "../option-checks.ts";

/** What a {@link Gateway} may be told beside its name and transport. */
export interface GatewayOptions {
  /**
   * Clock, timers and random numbers; for simulations.
   *
   * @defaultValue the real ones
   */
  readonly runtime?: Runtime | undefined;
  /**
   * Names of upgrade headers that services get to see, beside `user-agent`, `accept-language`, `x-request-id`,
   * `traceparent` and `tracestate`. Cookies and authorization travel only when they are named here.
   *
   * @defaultValue none
   */
  readonly forwardHeaders?: readonly string[] | undefined;
  /**
   * Which service owns a pattern that several services announce, by the text of the pattern.
   *
   * @defaultValue none: the one that claimed it first
   */
  readonly routeOwners?: Readonly<Record<string, string>> | undefined;
  /**
   * Longest path of a client message, in bytes of UTF-8. Longer ones are answered with `BAD_PATH`.
   *
   * @defaultValue `1_024`
   */
  readonly maxPathBytes?: number | undefined;
  /** @defaultValue `32` */
  readonly maxPathSegments?: number | undefined;
  /**
   * What announcements of services may be, see {@link AnnouncementOptions}.
   *
   * @defaultValue its own defaults
   */
  readonly announcements?: AnnouncementOptions | undefined;
  /**
   * How many instances of services are known at once; announcements of more are refused.
   *
   * @defaultValue `10_000`
   */
  readonly maxInstances?: number | undefined;
  /**
   * How many different patterns of all services are known at once; announcements of more are refused.
   *
   * @defaultValue `100_000`
   */
  readonly maxRoutes?: number | undefined;
  /**
   * How large the facts and the forwarded headers of one client may be, as JSON in bytes of UTF-8; 1 to 53,248. They go
   * to a service in one packet, when the client is pinned there. Above it every message for a service is answered with
   * `INTERNAL`, and `onError` of the router gets `EURUS_FACTS_TOO_LARGE`, once per connection.
   *
   * @defaultValue `32_768`
   */
  readonly maxFactsBytes?: number | undefined;
  /**
   * How many services one client may use over one connection. Above it: `OVERLOADED`.
   *
   * @defaultValue `32`
   */
  readonly maxPinsPerSocket?: number | undefined;
  /**
   * How many messages with ids of one client may wait for the end of their handlers. Above it: `OVERLOADED`.
   *
   * @defaultValue `1_024`
   */
  readonly maxOpenMessagesPerSocket?: number | undefined;
  /**
   * How long an instance may take to accept a client, in milliseconds. After it the client is told that nobody
   * knows what became of its messages, and the next one goes elsewhere.
   *
   * @defaultValue `5_000`
   */
  readonly openTimeoutMs?: number | undefined;
  /**
   * How long a client may wait for room at a service before it is closed with 1013, in milliseconds.
   *
   * @defaultValue `10_000`
   */
  readonly stallTimeoutMs?: number | undefined;
  /**
   * How many bytes of services' output may wait for slow clients, over all of them. Above it the clients with the
   * most are closed with 1013.
   *
   * @defaultValue 64 MiB
   */
  readonly maxBacklogBytes?: number | undefined;
  /**
   * What `SERVICE_UNAVAILABLE` and `SHUTTING_DOWN` tell clients to wait before they try again, in milliseconds.
   *
   * @defaultValue `1_000`
   */
  readonly retryAfterMs?: number | undefined;
  /**
   * How often the gateway tells services that it lives, in milliseconds. Services give up after twelve of the default.
   *
   * @defaultValue `1_000`
   */
  readonly heartbeatIntervalMs?: number | undefined;
  /**
   * How long an instance may be silent before it counts as dead, in milliseconds; at least three of its heartbeats.
   *
   * @defaultValue `5_000`
   */
  readonly instanceLeaseMs?: number | undefined;
  /**
   * How long `stop` lets messages finish before it closes the clients, in milliseconds. `0` closes them at once.
   *
   * @defaultValue `10_000`
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How many clients are closed at once when many have to be. Batches follow each other by 25 to 75 ms, so that
   * clients don't come back all at the same time.
   *
   * @defaultValue `200`
   */
  readonly closeBatchSize?: number | undefined;
  /**
   * Gets the events `error`, `route-conflict` and `announcement-refused` while nobody listens to `onEvent`, each
   * different one at most once a minute. Pino-compatible.
   *
   * @defaultValue one line each to stderr
   */
  readonly logger?: Logger | undefined;
  /**
   * Told when a listener of `onEvent` throws; everything else is an event.
   *
   * @defaultValue one line to {@link GatewayOptions.logger}
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** {@link GatewayOptions} with every default filled in. */
export interface GatewaySettings {
  readonly runtime: Runtime;
  readonly forwardHeaders: ReadonlySet<string>;
  readonly routeOwners: Readonly<Record<string, string>>;
  readonly maxPathBytes: number;
  readonly maxPathSegments: number;
  readonly announcements: AnnouncementLimits;
  readonly maxInstances: number;
  readonly maxRoutes: number;
  readonly maxFactsBytes: number;
  readonly maxPinsPerSocket: number;
  readonly maxOpenMessagesPerSocket: number;
  readonly openTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxBacklogBytes: number;
  readonly retryAfterMs: number;
  readonly heartbeatIntervalMs: number;
  readonly instanceLeaseMs: number;
  readonly drainTimeoutMs: number;
  readonly closeBatchSize: number;
}

const harmlessHeaders = [
  "user-agent",
  "accept-language",
  "x-request-id",
  "traceparent",
  "tracestate",
] as const;

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` for a number that can't work. */
export function gatewaySettings(options: GatewayOptions): GatewaySettings {
  const more = texts("forwardHeaders", options.forwardHeaders ?? []).map((name) => name.toLowerCase());
  return {
    runtime: options.runtime ?? nodeRuntime,
    forwardHeaders: new Set([...harmlessHeaders, ...more]),
    routeOwners: owners(options.routeOwners ?? {}),
    maxPathBytes: atLeast(1, "maxPathBytes", options.maxPathBytes ?? 1_024),
    maxPathSegments: atLeast(1, "maxPathSegments", options.maxPathSegments ?? 32),
    announcements: announcementLimits(options.announcements),
    maxInstances: atLeast(1, "maxInstances", options.maxInstances ?? 10_000),
    maxRoutes: atLeast(1, "maxRoutes", options.maxRoutes ?? 100_000),
    maxFactsBytes: factsBytes(options.maxFactsBytes ?? 32 * 1024),
    maxPinsPerSocket: atLeast(1, "maxPinsPerSocket", options.maxPinsPerSocket ?? 32),
    maxOpenMessagesPerSocket: atLeast(
      1,
      "maxOpenMessagesPerSocket",
      options.maxOpenMessagesPerSocket ?? 1_024,
    ),
    openTimeoutMs: atLeast(1, "openTimeoutMs", options.openTimeoutMs ?? 5_000),
    stallTimeoutMs: atLeast(1, "stallTimeoutMs", options.stallTimeoutMs ?? 10_000),
    maxBacklogBytes: atLeast(1, "maxBacklogBytes", options.maxBacklogBytes ?? 64 * 1024 * 1024),
    retryAfterMs: atLeast(0, "retryAfterMs", options.retryAfterMs ?? 1_000),
    heartbeatIntervalMs: atLeast(1, "heartbeatIntervalMs", options.heartbeatIntervalMs ?? 1_000),
    instanceLeaseMs: atLeast(1, "instanceLeaseMs", options.instanceLeaseMs ?? 5_000),
    drainTimeoutMs: atLeast(0, "drainTimeoutMs", options.drainTimeoutMs ?? 10_000),
    closeBatchSize: atLeast(1, "closeBatchSize", options.closeBatchSize ?? 200),
  };
}

/** Whatever the bus, an opening packet has to fit into the smallest that there may be. */
const mostFactsBytes = 52 * 1024;

function factsBytes(value: number): number {
  if (atLeast(1, "maxFactsBytes", value) <= mostFactsBytes) return value;
  const expected = `at most ${mostFactsBytes}`;
  throw new EurusError("EURUS_OPTION_INVALID", { option: "maxFactsBytes", received: value, expected });
}

function owners(value: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const expected = "an object of patterns and the names of services";
  if (Object.values(record("routeOwners", value, expected)).every((owner) => typeof owner === "string"))
    return value;
  throw new EurusError("EURUS_OPTION_INVALID", { option: "routeOwners", received: value, expected });
}

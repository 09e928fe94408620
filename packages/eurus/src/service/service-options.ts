import type { Logger, RouteDescriptor } from "velaros";
import { nodeRuntime } from "velaros";
import type { Runtime } from "velaros-protocol";
import { announcementLimits } from "../directory/announcement-limits.ts";
import type { AnnouncementLimits, AnnouncementOptions } from "../directory/announcement-limits.ts";
import { EurusError } from "../errors.ts";
import { atLeast } from "../option-checks.ts";

/** What a {@link Service} may be told beside its name, transport and handler. */
export interface ServiceOptions {
  /**
   * Names of the gateways that may route to this service. Others neither see it nor get through to it.
   *
   * @defaultValue none: all gateways may
   */
  readonly gatewayNames?: readonly string[] | undefined;
  /**
   * What is announced to gateways, and all that they can reach: a message for any other path gets `NOT_FOUND`. Narrows
   * a router to some of its public routes, or describes a handler that is no router; never opens a private route. The
   * list is copied.
   *
   * @defaultValue the public routes of the handler, read at every announcement
   */
  readonly routeDescriptors?: readonly RouteDescriptor[] | undefined;
  /**
   * What becomes of clients when their instance of this service is lost or stops: `"close"` closes their
   * connections with 1001, so that they come back and know that their state is gone; `"repin"` keeps the
   * connections, tells the client with `SESSION_RESET`, and opens a new virtual socket at its next message.
   *
   * @defaultValue `"close"`
   */
  readonly onInstanceLost?: "close" | "repin" | undefined;
  /**
   * What announcements may be, those of gateways and our own, see {@link AnnouncementOptions}.
   *
   * @defaultValue its own defaults
   */
  readonly announcements?: AnnouncementOptions | undefined;
  /**
   * How many gateways are known at once; others are not heard.
   *
   * @defaultValue `10_000`
   */
  readonly maxGateways?: number | undefined;
  /**
   * More virtual sockets than this are refused, and opened at another instance.
   *
   * @defaultValue no limit
   */
  readonly maxSockets?: number | undefined;
  /**
   * How many bytes of clients' messages may wait for busy handlers, over all virtual sockets. Above it the sockets
   * with the most are closed with 1013.
   *
   * @defaultValue 64 MiB
   */
  readonly maxBacklogBytes?: number | undefined;
  /**
   * How often the service tells gateways that it lives, in milliseconds. Gateways give up after five of the default.
   *
   * @defaultValue `1_000`
   */
  readonly heartbeatIntervalMs?: number | undefined;
  /**
   * How long a gateway may be silent before it counts as dead and its virtual sockets are closed, in milliseconds.
   *
   * @defaultValue `12_000`
   */
  readonly gatewayLeaseMs?: number | undefined;
  /**
   * How long `stop` lets handlers finish before it closes the clients, in milliseconds. `0` closes them at once.
   *
   * @defaultValue `10_000`
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * Told of each error that no handler dealt with, beside the listeners of a router that was passed in. What is told to
   * nobody goes to that router's log.
   *
   * @defaultValue only the listeners of the router
   */
  readonly onError?: ((error: Error) => void) | undefined;
  /**
   * Gets the events `error` and `announcement-refused` while nobody listens to `onEvent`, each different one at most
   * once a minute, and what a handler that is no router fails with when there is no `onError`. Pino-compatible. A
   * router that was passed in keeps its own.
   *
   * @defaultValue one line each to stderr
   */
  readonly logger?: Logger | undefined;
  /**
   * Clock, timers and random numbers of the service; for simulations. A router that was passed in keeps its own.
   *
   * @defaultValue the real ones
   */
  readonly runtime?: Runtime | undefined;
}

/** {@link ServiceOptions} with every default filled in. */
export interface ServiceSettings {
  readonly onInstanceLost: "close" | "repin";
  readonly announcements: AnnouncementLimits;
  readonly maxGateways: number;
  readonly maxSockets: number;
  readonly maxBacklogBytes: number;
  readonly heartbeatIntervalMs: number;
  readonly gatewayLeaseMs: number;
  readonly drainTimeoutMs: number;
  readonly runtime: Runtime;
}

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` for a value that can't work. */
export function serviceSettings(options: ServiceOptions): ServiceSettings {
  const onInstanceLost = options.onInstanceLost ?? "close";
  if (onInstanceLost !== "close" && onInstanceLost !== "repin") {
    const expected = '"close" or "repin"';
    throw new EurusError("EURUS_OPTION_INVALID", {
      option: "onInstanceLost",
      received: onInstanceLost,
      expected,
    });
  }
  return {
    onInstanceLost,
    announcements: announcementLimits(options.announcements),
    maxGateways: atLeast(1, "maxGateways", options.maxGateways ?? 10_000),
    maxSockets: atLeast(1, "maxSockets", options.maxSockets ?? Infinity),
    maxBacklogBytes: atLeast(1, "maxBacklogBytes", options.maxBacklogBytes ?? 64 * 1024 * 1024),
    heartbeatIntervalMs: atLeast(1, "heartbeatIntervalMs", options.heartbeatIntervalMs ?? 1_000),
    gatewayLeaseMs: atLeast(1, "gatewayLeaseMs", options.gatewayLeaseMs ?? 12_000),
    drainTimeoutMs: atLeast(0, "drainTimeoutMs", options.drainTimeoutMs ?? 10_000),
    runtime: options.runtime ?? nodeRuntime,
  };
}

import type { Runtime } from "velaros-protocol";
import { VelarosError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { atLeast } from "../option-checks.ts";
import type { ErrorListener, SocketSettings, UnansweredEvent } from "../socket/host.ts";

/** How a {@link Router} behaves. */
export interface RouterOptions<Mount extends string = ""> {
  /**
   * For a router that is only ever mounted in others: the whole pattern in front of its own, such as `"/users/:user"`.
   * Says to the compiler which parameters of mounts its handlers may read, and that it can't be mounted elsewhere;
   * changes nothing at run time.
   *
   * @defaultValue anywhere; parameters of mounts are found with `params.get(name)`
   */
  readonly mountedAt?: Mount | undefined;
  /**
   * Called with each error that no handler dealt with.
   *
   * @defaultValue one line to {@link RouterOptions.logger}
   */
  readonly onError?: ErrorListener | undefined;
  /** Called for each message that was answered, or would have been with an id, with an error of the client's own making. */
  readonly onUnanswered?: ((event: UnansweredEvent) => void) | undefined;
  /**
   * Where unhandled errors go when there is no {@link RouterOptions.onError}. Pino-compatible.
   *
   * @defaultValue one line each to stderr
   */
  readonly logger?: Logger | undefined;
  /**
   * What happens to a message with an id that nobody answered: `"error"` answers `NOT_FOUND`, `TIMEOUT` when its
   * handler waited for the client in vain, or `INTERNAL` after a failure; `"ignore"` leaves the client to its timeout.
   *
   * @defaultValue `"error"`
   */
  readonly unanswered?: "error" | "ignore" | undefined;
  /**
   * How long `request` waits when it does not say, in milliseconds; `0` waits until the connection closes.
   *
   * @defaultValue `0`
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How many handlers may run at once per connection; those that wait for the client don't count. More messages wait
   * and stop the reading.
   *
   * @defaultValue `64`
   */
  readonly maxHandlersPerSocket?: number | undefined;
  /**
   * How many handlers per connection may wait for the client; and how many messages may wait for a handler meanwhile,
   * when reading can't stop because an answer must get through. More are answered `OVERLOADED`.
   *
   * @defaultValue `1_024`
   */
  readonly maxWaitingMessages?: number | undefined;
  /**
   * How long open handlers may go on after the connection has closed, and close handlers at all, in milliseconds; then
   * the connection ends without waiting for them, which is reported to `onError`.
   *
   * @defaultValue `10_000`
   */
  readonly lifecycleTimeoutMs?: number | undefined;
  /** Clock, timers and random numbers; only tests replace them. */
  readonly runtime?: Runtime | undefined;
}

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for a value outside its range. */
export function socketSettings(options: RouterOptions<string>, runtime: Runtime): SocketSettings {
  const unanswered = options.unanswered ?? "error";
  if (unanswered !== "error" && unanswered !== "ignore") {
    throw new VelarosError("VELAROS_OPTION_INVALID", {
      option: "unanswered",
      received: unanswered,
      expected: '"error" or "ignore"',
    });
  }
  return {
    runtime,
    unanswered,
    requestTimeoutMs: atLeast(0, "requestTimeoutMs", options.requestTimeoutMs ?? 0),
    lifecycleTimeoutMs: atLeast(1, "lifecycleTimeoutMs", options.lifecycleTimeoutMs ?? 10_000),
    maxHandlersPerSocket: atLeast(1, "maxHandlersPerSocket", options.maxHandlersPerSocket ?? 64),
    maxWaitingMessages: atLeast(1, "maxWaitingMessages", options.maxWaitingMessages ?? 1_024),
  };
}

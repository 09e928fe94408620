import { inWords } from "velaros-protocol/internal";

/** What each code of {@link EurusError} knows beyond its message. */
export interface EurusErrorDetails {
  /** A name can't be used. Thrown by constructors. */
  EURUS_NAME_INVALID: { readonly kind: "gateway" | "service"; readonly name: string };
  /** A gateway or service was built without a transport. Thrown by constructors. */
  EURUS_TRANSPORT_MISSING: { readonly kind: "gateway" | "service"; readonly name: string };
  /** A service was built without something that handles messages. Thrown by its constructor. */
  EURUS_HANDLER_INVALID: { readonly service: string; readonly received: string };
  /** `start()` was called on something that runs, starts or stops right now. */
  EURUS_ALREADY_STARTED: {
    readonly kind: "gateway" | "service";
    readonly name: string;
    readonly state: string;
  };
  /** `start()` did not succeed; everything it had bound is released again. */
  EURUS_START_FAILED: { readonly kind: "gateway" | "service"; readonly name: string };
  /** The bus can't carry packets large enough for the protocol. */
  EURUS_PAYLOAD_LIMIT_TOO_SMALL: { readonly maxPayloadBytes: number; readonly minimumBytes: number };
  /** The bus is closed or was never reached. */
  EURUS_TRANSPORT_UNAVAILABLE: { readonly status: string; readonly action: string };
  /** The bus is connected, but does not bring back what we announce ourselves: it won't let us publish or subscribe there. */
  EURUS_ANNOUNCEMENT_UNHEARD: { readonly subject: string; readonly timeoutMs: number };
  /** A connection that was passed in does not reconnect as promised. Reported once, when somebody listens. */
  EURUS_CONNECTION_SETTINGS: { readonly settings: readonly string[] };
  /** The bus refused a packet or a subscription, or reported an error of its own. */
  EURUS_BUS_ERROR: { readonly problem: string };
  /** An announcement on the bus can't be used; the announcer is ignored until it sends a good one. */
  EURUS_ANNOUNCEMENT_INVALID: { readonly subject: string; readonly problem: string };
  /** A packet of a link can't be read; it is dropped. */
  EURUS_PACKET_INVALID: { readonly subject: string; readonly problem: string };
  /** Trusted facts or metadata for a service are no JSON. */
  EURUS_FACTS_INVALID: { readonly keys: readonly string[] };
  /** The trusted facts and forwarded headers of a client are more than a service can be told. */
  EURUS_FACTS_TOO_LARGE: {
    readonly service: string;
    readonly bytes: number;
    readonly maxFactsBytes: number;
  };
  /** Something that was handed to a callback of the bus threw. */
  EURUS_LISTENER_FAILED: { readonly where: string };
  /** An option has a value that can't work. Thrown by constructors. */
  EURUS_OPTION_INVALID: { readonly option: string; readonly received: unknown; readonly expected: string };
}

/** What an {@link EurusError} can be about; codes never change their meaning. */
export type EurusErrorCode = keyof EurusErrorDetails;

const kindTitle = { gateway: "Gateway", service: "Service" } as const;

const messages: { readonly [Code in EurusErrorCode]: (details: EurusErrorDetails[Code]) => string } = {
  EURUS_NAME_INVALID: ({ kind, name }) =>
    `${kindTitle[kind]} name ${JSON.stringify(name)} can't be part of a subject. Use 1 to 64 of the characters A-Z a-z 0-9 _ and -.`,
  EURUS_TRANSPORT_MISSING: ({ kind, name }) =>
    `${kindTitle[kind]} "${name}" has no transport. Pass one as second argument, for example new LocalTransport() from "eurus/local"; ` +
    `gateways and services of one process share the object.`,
  EURUS_HANDLER_INVALID: ({ service, received }) =>
    `Service "${service}" needs a router, a function, or an object with handle() as third argument, but got ${received}.`,
  EURUS_ALREADY_STARTED: ({ kind, name, state }) =>
    `${kindTitle[kind]} "${name}" can't start because it is ${state}. Wait for stop() before starting again.`,
  EURUS_START_FAILED: ({ kind, name }) =>
    `${kindTitle[kind]} "${name}" could not start; see the cause. Nothing was left bound, so start() may be tried again.`,
  EURUS_PAYLOAD_LIMIT_TOO_SMALL: ({ maxPayloadBytes, minimumBytes }) =>
    `The bus takes payloads of ${maxPayloadBytes} bytes, but at least ${minimumBytes} are needed. Raise max_payload of the server.`,
  EURUS_TRANSPORT_UNAVAILABLE: ({ status, action }) =>
    `Can't ${action} while the bus is ${status}. Check that it runs and can be reached.`,
  EURUS_ANNOUNCEMENT_UNHEARD: ({ subject, timeoutMs }) =>
    `The bus is connected, but our announcements on "${subject}" did not come back within ${timeoutMs} ms. ` +
    `Let this user publish and subscribe there: docs/nats-permissions.conf has all that is needed; see also the cause.`,
  EURUS_CONNECTION_SETTINGS: ({ settings }) =>
    `The NATS connection that was passed in may be slow to come back, or give up: set ${settings.join(" and ")}, ` +
    `or let NatsTransport.connect() make the connection.`,
  EURUS_BUS_ERROR: ({ problem }) => `The bus reported an error: ${problem}`,
  EURUS_ANNOUNCEMENT_INVALID: ({ subject, problem }) =>
    `The announcement on "${subject}" is ignored: ${problem}`,
  EURUS_PACKET_INVALID: ({ subject, problem }) => `The packet on "${subject}" is dropped: ${problem}`,
  EURUS_FACTS_INVALID: ({ keys }) =>
    `Facts for a service must be JSON, but something under ${keys.join(", ")} is not: no cycles, no BigInt.`,
  EURUS_FACTS_TOO_LARGE: ({ service, bytes, maxFactsBytes }) =>
    `The facts and headers of a client for service "${service}" take ${bytes} bytes, more than maxFactsBytes (${maxFactsBytes}). ` +
    `Let authenticate return a key under which services find the rest, forward fewer headers, or raise the option.`,
  EURUS_LISTENER_FAILED: ({ where }) =>
    `A listener of ${where} threw; see the cause. The others were called nevertheless.`,
  EURUS_OPTION_INVALID: ({ option, received, expected }) =>
    `Option ${option} is ${inWords(received)}, but must be ${expected}.`,
};

/** Everything that this package throws, rejects with or reports: a stable code, typed details and a sentence. */
export class EurusError<Code extends EurusErrorCode = EurusErrorCode> extends Error {
  static {
    this.prototype.name = "EurusError";
  }
  readonly code: Code;
  /** What the code knows, see {@link EurusErrorDetails}. */
  readonly details: EurusErrorDetails[Code];

  constructor(code: Code, details: EurusErrorDetails[Code], options?: ErrorOptions) {
    super(messages[code](details), options);
    this.code = code;
    this.details = details;
  }

  /** Whether `value` is an EurusError, of one `code` if given. Works across duplicate installs, where `instanceof` doesn't. */
  static is<Code extends EurusErrorCode = EurusErrorCode>(
    value: unknown,
    code?: Code,
  ): value is EurusError<Code> {
    return (
      value instanceof Error &&
      value.name === "EurusError" &&
      (code === undefined || Reflect.get(value, "code") === code)
    );
  }
}

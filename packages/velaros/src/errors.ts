import type { WireError, WireErrorCode } from "velaros-protocol";
import { inWords } from "velaros-protocol/internal";

/** A problem with one field of a message, as it is sent to the client: path of the field and what is wrong with it. */
export type FieldProblem = Readonly<Record<string, string>>;

/** What each code of {@link VelarosError} knows beyond its message. */
export interface VelarosErrorDetails {
  /** A route pattern can't be compiled. Thrown while binding, so it surfaces at start-up. */
  VELAROS_PATTERN_INVALID: { readonly pattern: string; readonly index: number; readonly problem: string };
  /** `Pattern.path` was not given a value that the pattern needs. */
  VELAROS_PATH_VALUE_MISSING: { readonly pattern: string; readonly missing: string };
  /** A binding method was called without a handler. */
  VELAROS_HANDLER_MISSING: { readonly method: string };
  /** A binding method was given something that can't handle what it binds. */
  VELAROS_HANDLER_INVALID: { readonly method: string; readonly expected: string; readonly received: string };
  /** An option has a value outside its range. */
  VELAROS_OPTION_INVALID: { readonly option: string; readonly received: unknown; readonly expected: string };
  /** `mustGet` or `mustGetFromSocket` found nothing under this key. */
  VELAROS_VALUE_MISSING: { readonly key: string; readonly storage: "message" | "socket" };
  /** Something has to be encoded or decoded and no codec middleware has run. */
  VELAROS_CODEC_MISSING: { readonly action: string };
  /** The connection speaks a subprotocol that none of the router's codecs knows. */
  VELAROS_SUBPROTOCOL_UNSUPPORTED: { readonly subprotocol: string; readonly supported: readonly string[] };
  /** A context was used after its message was handled. */
  VELAROS_CONTEXT_FINISHED: { readonly action: string; readonly path: string };
  /** The connection is closed, or closed while something waited. */
  VELAROS_SOCKET_CLOSED: { readonly action: string; readonly status: number; readonly reason: string };
  /** No follow-up message came in time. The next receive may still get it. */
  VELAROS_RECEIVE_TIMEOUT: { readonly path: string; readonly timeoutMs: number };
  /** The client did not answer a request in time. */
  VELAROS_REQUEST_TIMEOUT: { readonly path: string; readonly timeoutMs: number };
  /** A handler waits for a follow-up, but its message has no id that a follow-up could repeat. */
  VELAROS_ID_REQUIRED: { readonly path: string };
  /** A message was asked for where there is none, such as in an open handler. */
  VELAROS_NO_MESSAGE: { readonly action: string };
  /** Open or close handlers did not end in time; the connection ended without them. */
  VELAROS_LIFECYCLE_TIMEOUT: { readonly chain: "open" | "close"; readonly timeoutMs: number };
  /** A close code that must not be sent. */
  VELAROS_CLOSE_CODE_INVALID: { readonly status: number };
  /** The client's data violates the `input` schema of its route. Answered with `VALIDATION_FAILED`. */
  VELAROS_INPUT_INVALID: { readonly path: string; readonly fields: readonly FieldProblem[] };
  /** A handler's answer violates the `output` schema of its route. */
  VELAROS_OUTPUT_INVALID: { readonly path: string; readonly fields: readonly FieldProblem[] };
  /** A gateway forwarded a message in an encoding that this router has no codec for. */
  VELAROS_CODEC_MISMATCH: { readonly codec: string; readonly supported: readonly string[] };
  /** The server can't listen on this address. */
  VELAROS_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly problem: string };
}

/** The stable codes of {@link VelarosError}. */
export type VelarosErrorCode = keyof VelarosErrorDetails;

const messages: { readonly [Code in VelarosErrorCode]: (details: VelarosErrorDetails[Code]) => string } = {
  VELAROS_PATTERN_INVALID: ({ pattern, index, problem }) =>
    `Route pattern "${pattern}" is invalid at character ${index}: ${problem}`,
  VELAROS_PATH_VALUE_MISSING: ({ pattern, missing }) =>
    `Can't build a path for "${pattern}": no value for ${missing}. Pass one to path().`,
  VELAROS_HANDLER_MISSING: ({ method }) => `${method}() needs at least one handler.`,
  VELAROS_HANDLER_INVALID: ({ method, expected, received }) =>
    `${method}() takes ${expected}, but was given ${received}.`,
  VELAROS_OPTION_INVALID: ({ option, received, expected }) =>
    `Option ${option} is ${inWords(received)}; it must be ${expected}.`,
  VELAROS_VALUE_MISSING: ({ key, storage }) =>
    storage === "socket"
      ? `Nothing is stored on the socket under "${key}". Set it with setOnSocket in an earlier handler, or use getFromSocket.`
      : `Nothing is stored on the message under "${key}". Set it in an earlier handler, or use get.`,
  VELAROS_CODEC_MISSING: ({ action }) =>
    `Can't ${action}: no codec has accepted this connection. Add one in front of the handlers, such as router.use(json()).`,
  VELAROS_SUBPROTOCOL_UNSUPPORTED: ({ subprotocol, supported }) =>
    `The connection speaks subprotocol "${subprotocol}"; this router knows ${supported.join(", ") || "none"}.`,
  VELAROS_CONTEXT_FINISHED: ({ action, path }) =>
    `Can't ${action}: the message to "${path}" is already handled. Await what the handler starts, or use context.socket, which lives as long as the connection.`,
  VELAROS_SOCKET_CLOSED: ({ action, status, reason }) =>
    `Can't ${action}: the connection is closed (${status}${reason === "" ? "" : ` "${reason}"`}).`,
  VELAROS_RECEIVE_TIMEOUT: ({ path, timeoutMs }) =>
    `No further message to "${path}" within ${timeoutMs} ms. Raise { timeoutMs }, or receive again: a late message is kept.`,
  VELAROS_REQUEST_TIMEOUT: ({ path, timeoutMs }) =>
    `No answer to the request "${path}" within ${timeoutMs} ms. Raise { timeoutMs }, or check that the client answers with the same id.`,
  VELAROS_ID_REQUIRED: ({ path }) =>
    `Can't receive another message for "${path}": the client must send an id, and repeat it in each further message.`,
  VELAROS_NO_MESSAGE: ({ action }) => `Can't ${action}: open and close handlers have no message.`,
  VELAROS_LIFECYCLE_TIMEOUT: ({ chain, timeoutMs }) =>
    `The ${chain} handlers of a closed connection did not end within ${timeoutMs} ms; it ended without them. Let them watch context.signal, or raise { lifecycleTimeoutMs }.`,
  VELAROS_CLOSE_CODE_INVALID: ({ status }) =>
    `Close code ${status} can't be sent. Use 1000–1014 without 1004, 1005 and 1006, or your own from 3000–4999.`,
  VELAROS_INPUT_INVALID: ({ path, fields }) =>
    `The data sent to "${path}" does not fit its input schema: ${describeFields(fields)}`,
  VELAROS_OUTPUT_INVALID: ({ path, fields }) =>
    `The answer of "${path}" does not fit its output schema: ${describeFields(fields)}`,
  VELAROS_CODEC_MISMATCH: ({ codec, supported }) =>
    `The gateway forwarded a message in ${codec}; this router knows ${supported.join(", ") || "no encoding"}. Use the same codec middleware on both sides.`,
  VELAROS_LISTEN_FAILED: ({ host, port, problem }) => `Can't listen on ${host}:${port}: ${problem}`,
};

function describeFields(fields: readonly FieldProblem[]): string {
  return fields
    .flatMap((field) => Object.entries(field))
    .map(([name, problem]) => (name === "" ? problem : `${name}: ${problem}`))
    .join("; ");
}

/** Every error that this library itself throws or rejects with. `code` is stable; `details` belongs to the code. */
export class VelarosError<Code extends VelarosErrorCode = VelarosErrorCode> extends Error {
  static {
    this.prototype.name = "VelarosError";
  }
  /** Stable; safe to compare. */
  readonly code: Code;
  /** What the code knows, see {@link VelarosErrorDetails}. */
  readonly details: VelarosErrorDetails[Code];

  constructor(code: Code, details: VelarosErrorDetails[Code], options?: ErrorOptions) {
    super(messages[code](details), options);
    this.code = code;
    this.details = details;
  }

  /** Whether `value` is a VelarosError, of one `code` if given. Works across duplicate installs, where `instanceof` doesn't. */
  static is<Code extends VelarosErrorCode = VelarosErrorCode>(
    value: unknown,
    code?: Code,
  ): value is VelarosError<Code> {
    return (
      value instanceof Error &&
      value.name === "VelarosError" &&
      (code === undefined || (value as VelarosError).code === code)
    );
  }
}

/** What a {@link ReplyError} may carry beside its code and message. */
export interface ReplyErrorOptions extends ErrorOptions {
  /** When trying again makes sense: how long the client should wait first, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Anything that the client can use; it is sent as it is. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Throw it in a handler to answer the client with a coded error. It is an answer, not a failure: `onError` is not called.
 *
 * @example
 * ```ts
 * throw new ReplyError("FORBIDDEN", "Only moderators may close a room.", { details: { room } });
 * ```
 */
export class ReplyError extends Error {
  static {
    this.prototype.name = "ReplyError";
  }
  /** One of the codes of this library, or your own. */
  readonly code: WireErrorCode | (string & {});
  /** How long the client should wait before it tries again, in milliseconds; undefined when that makes no sense. */
  readonly retryAfterMs: number | undefined;
  /** Sent to the client as it is. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: WireErrorCode | (string & {}), message: string, options?: ReplyErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
    this.details = options?.details;
  }

  /** What the client gets. */
  toWireError(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.retryAfterMs === undefined ? undefined : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? undefined : { details: this.details }),
    };
  }

  /** Whether `value` is a ReplyError; works across duplicate installs, where `instanceof` doesn't. */
  static is(value: unknown): value is ReplyError {
    return value instanceof Error && value.name === "ReplyError";
  }
}

/** What was thrown, as an error; anything else becomes the message of one. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error("Something was thrown that has no text.", { cause: thrown });
  }
}

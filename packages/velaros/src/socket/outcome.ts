import { CodecError, type WireError, type WireErrorCode, wireErrors } from "velaros-protocol";
import { encodeError } from "../context/encode.ts";
import type { MessageContext } from "../context/message-context.ts";
import { ReplyError, VelarosError, toError } from "../errors.ts";
import type { HostedSocket } from "./host.ts";

/**
 * The chain of a message has ended: answers it if nobody did and somebody should have, reports what nobody
 * handled. Does nothing for a handler that answered or chose not to.
 *
 * @returns The code of the error that the message ended in; undefined without one.
 */
export function settleOutcome(socket: HostedSocket, context: MessageContext): string | undefined {
  const { exchange } = context;
  const error = context.error ?? (exchange.replied ? undefined : exchange.encodeError);
  if (error !== undefined) {
    return settleError(socket, context, error);
  }
  const isUnhandled = !exchange.handled && !exchange.replied && !socket.closed;
  return isUnhandled ? settleUnhandled(socket, context) : undefined;
}

function settleError(socket: HostedSocket, context: MessageContext, error: Error): string | undefined {
  const { exchange } = context;
  if (ReplyError.is(error)) {
    const answered = error.toWireError();
    answer(socket, context, answered, exchange.explicitId, exchange.status);
    return answered.code;
  }
  if (CodecError.is(error) && error.code === "CODEC_DECODE_FAILED")
    return settleUnreadable(socket, context, error);
  if (VelarosError.is(error, "VELAROS_INPUT_INVALID")) {
    const { fields } = error.details;
    return settleBad(socket, context, { ...wireError("VALIDATION_FAILED"), details: { fields } });
  }
  if (isTimeout(error)) return settleBad(socket, context, wireError("TIMEOUT"));
  if (VelarosError.is(error, "VELAROS_SUBPROTOCOL_UNSUPPORTED")) {
    socket.failed(error, context);
    return settleUnreadable(socket, context, undefined);
  }
  if (socket.closed && VelarosError.is(error, "VELAROS_SOCKET_CLOSED")) return undefined;
  socket.failed(error, context);
  const answers = socket.host.settings.unanswered === "error" && exchange.explicitId !== undefined;
  if (answers && !exchange.replied) answer(socket, context, wireError("INTERNAL"));
  return "INTERNAL";
}

function settleUnhandled(socket: HostedSocket, context: MessageContext): string {
  const { exchange } = context;
  if (!exchange.decoded && exchange.inbound?.forwarded !== undefined) {
    const supported = socket.codecs().map((codec) => codec.name);
    const codec = socket.info.codec ?? "an unknown encoding";
    socket.failed(new VelarosError("VELAROS_CODEC_MISMATCH", { codec, supported }), context);
  } else if (socket.codecs().length === 0) {
    socket.host.codecMissing(context);
  }
  return !exchange.decoded && socket.encoder !== undefined
    ? settleUnreadable(socket, context, exchange.decodeError)
    : settleBad(socket, context, wireError("NOT_FOUND"));
}

/** No codec could read the message; that is always answered, because the client can't know it otherwise. */
function settleUnreadable(socket: HostedSocket, context: MessageContext, cause: Error | undefined): string {
  const { exchange } = context;
  const problem = CodecError.is(cause) ? cause.problem : undefined;
  const message =
    problem === undefined ? wireErrors.BAD_MESSAGE : `${wireErrors.BAD_MESSAGE.slice(0, -1)}: ${problem}`;
  const id = exchange.explicitId ?? (CodecError.is(cause) ? cause.id : undefined);
  if (!exchange.replied) answer(socket, context, { code: "BAD_MESSAGE", message }, id);
  socket.host.unanswered({ code: "BAD_MESSAGE", id, path: context.path, socketId: socket.id });
  return "BAD_MESSAGE";
}

/** Whether a client was silent for too long: its doing, which must not fill the log. */
export function isTimeout(error: Error): boolean {
  return (
    VelarosError.is(error, "VELAROS_REQUEST_TIMEOUT") || VelarosError.is(error, "VELAROS_RECEIVE_TIMEOUT")
  );
}

/** The client's mistake: answered when the client asked for an answer. */
function settleBad(
  socket: HostedSocket,
  context: MessageContext,
  error: WireError & { readonly code: WireErrorCode },
): string {
  const { exchange } = context;
  const id = exchange.explicitId;
  const isAboutSilence = error.code === "NOT_FOUND" || error.code === "TIMEOUT";
  const answers = !isAboutSilence || socket.host.settings.unanswered === "error";
  if (id !== undefined && answers && !exchange.replied) answer(socket, context, error, id);
  socket.host.unanswered({ code: error.code, id, path: context.path, socketId: socket.id });
  return error.code;
}

function wireError(code: WireErrorCode): WireError & { readonly code: WireErrorCode } {
  return { code, message: wireErrors[code] };
}

function answer(
  socket: HostedSocket,
  context: MessageContext,
  error: WireError,
  id: string | undefined = context.exchange.explicitId,
  status = 0,
): void {
  const { exchange } = context;
  const { inbound } = exchange;
  const codec = context.codec ?? socket.encoder;
  if (codec === undefined || inbound === undefined || socket.closed) return;
  const type = codec.accepts(inbound.type) ? inbound.type : codec.messageType;
  let payload: Uint8Array | string;
  try {
    payload = encodeError(codec, type, id, error, status === 0 ? undefined : status);
  } catch (thrown) {
    socket.failed(toError(thrown), context);
    payload = encodeError(codec, type, id, wireError("INTERNAL"));
  }
  void socket.transmit(payload, type, "reply", inbound);
  exchange.replied = true;
}

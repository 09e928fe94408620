import type { Codec, Envelope, MessageType, WireError } from "velaros-protocol";
import type { OutboundMessage } from "../context.ts";
import { VelarosError } from "../errors.ts";
import type { MessageContext } from "./message-context.ts";

/** Encodes what a handler sends, with what the chain installed for it. */
export function encodeMessage(
  context: MessageContext,
  type: MessageType,
  message: OutboundMessage,
): Uint8Array | string {
  if (context.marshaller !== undefined) return context.marshaller(message);
  const codec = context.codec ?? (context.exchange.kind === "message" ? undefined : context.socket.encoder);
  return encodeWith(codec, type, message);
}

/** Encodes a message with this codec, in the form that suits the frame. */
export function encodeWith(
  codec: Codec | undefined,
  type: MessageType,
  message: OutboundMessage,
): Uint8Array | string {
  if (codec === undefined) throw new VelarosError("VELAROS_CODEC_MISSING", { action: "encode a message" });
  return encodeEnvelope(codec, type, {
    id: message.id,
    path: message.path,
    data: codec.toData(message.data),
    status: message.status,
  });
}

/** Encodes an error answer. */
export function encodeError(
  codec: Codec,
  type: MessageType,
  id: string | undefined,
  error: WireError,
  status?: number,
): Uint8Array | string {
  return encodeEnvelope(codec, type, { id, error, status });
}

function encodeEnvelope(codec: Codec, type: MessageType, envelope: Envelope): Uint8Array | string {
  return type === "text" && codec.encodeText !== undefined
    ? codec.encodeText(envelope)
    : codec.encode(envelope);
}

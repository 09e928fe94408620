import { encodeProblem } from "../problem.ts";

/** What encodes a message: generated code of protobufjs and ts-proto is one; others need one line. */
export interface ProtobufType<Message> {
  /** Returns the bytes, or a writer whose `finish` does. */
  encode(message: Message): Uint8Array | { finish(): Uint8Array };
}

/** A Protobuf message together with what encodes it. Made by {@link protobufMessage}. */
export class ProtobufMessage<Message = unknown> {
  /** What encodes {@link value}. */
  readonly type: ProtobufType<Message>;
  /** The message, not yet encoded. */
  readonly value: Message;

  constructor(type: ProtobufType<Message>, value: Message) {
    this.type = type;
    this.value = value;
  }

  /** The encoded message. */
  encode(): Uint8Array {
    const encoded = this.type.encode(this.value);
    return encoded instanceof Uint8Array ? encoded : encoded.finish();
  }
}

/**
 * Says how to encode a message, so that it can be sent through the Protobuf codec.
 *
 * @example
 * ```ts
 * await ctx.reply(protobufMessage(User, { id: 42, name: "Alice" }));
 * await ctx.reply(protobufMessage({ encode: (user) => toBinary(UserSchema, user) }, user)); // @bufbuild/protobuf
 * ```
 */
export function protobufMessage<Message>(
  type: ProtobufType<Message>,
  value: Message,
): ProtobufMessage<Message> {
  return new ProtobufMessage(type, value);
}

/**
 * The bytes of a Protobuf message, or bytes as they are.
 *
 * @throws {@link CodecError} for anything else, and when the type can't encode the message.
 */
export function messageBytes(body: unknown, id?: string): Uint8Array {
  if (body instanceof ProtobufMessage) {
    try {
      return body.encode();
    } catch (cause) {
      throw encodeProblem("protobuf", cause instanceof Error ? cause.message : String(cause), id, cause);
    }
  }
  if (body instanceof Uint8Array) return body;
  throw encodeProblem(
    "protobuf",
    `${body === null ? "null" : typeof body} given, but it must be a protobuf message: protobufMessage(type, value), or encoded bytes`,
    id,
  );
}

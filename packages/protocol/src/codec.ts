import type { Envelope, MessageType } from "./envelope.ts";

/**
 * What routing needs to know of an undecoded message: the two routing fields as strings and where the
 * data lies in the bytes. Everything else stays undecoded until somebody asks.
 */
export interface EnvelopeOutline {
  /** Absent when missing, `null` or empty. */
  readonly id: string | undefined;
  /** Absent when missing, `null` or empty. */
  readonly path: string | undefined;
  /**
   * Where the data value begins in the message bytes; `-1` when the message has no data. An encoding in which
   * no data and data of no bytes are the same (Protobuf) always reports a range, perhaps an empty one.
   */
  readonly dataStart: number;
  /** Where the data value ends (exclusive); `-1` when the message has no data. */
  readonly dataEnd: number;
  /** Whether the message carries metadata. */
  readonly hasMeta: boolean;
}

/**
 * An encoding of envelopes. Stateless and pure: the same object serves every connection, router and client.
 * Prove your own with the suite from `velaros-protocol/testing`.
 */
export interface Codec {
  /** Short name for logs and errors: `json`. */
  readonly name: string;
  /** The WebSocket subprotocol (RFC 6455 §1.9) that selects this codec: `velaros-json`. */
  readonly subprotocol: string;
  /** The frame type of messages that answer nothing, such as pushes. */
  readonly messageType: MessageType;
  /** Whether messages of this frame type can be in this encoding at all. */
  accepts(type: MessageType): boolean;

  /**
   * Reads what routing needs, in time linear to the message and without decoding data or metadata.
   * A syntax error inside the data may go unnoticed until {@link decodeData}.
   *
   * @throws {@link CodecError} when the envelope is invalid; `error.id` holds the id if it could be read.
   */
  outline(bytes: Uint8Array): EnvelopeOutline;
  /**
   * Decodes the data part: `bytes` is exactly the range that {@link outline} named.
   *
   * @throws {@link CodecError} when it is not well formed.
   */
  decodeData(bytes: Uint8Array): unknown;
  /**
   * Decodes the metadata of a whole message.
   *
   * @returns A map without a prototype, empty when there is none.
   * @throws {@link CodecError} when it is not well formed.
   */
  decodeMeta(bytes: Uint8Array): Readonly<Record<string, unknown>>;
  /**
   * Decodes and checks a whole message.
   *
   * @throws {@link CodecError} when any part of it is invalid.
   */
  decode(bytes: Uint8Array): Envelope;

  /**
   * Encodes a whole message. `envelope.data` is the data as it goes on the wire: the mapping of strings and
   * errors to bodies is done before, by {@link toData}. `undefined` sends no data, `null` sends null.
   *
   * @throws {@link CodecError} when the data can't be encoded (a cycle, a BigInt, not a Protobuf message).
   */
  encode(envelope: Envelope): Uint8Array;
  /** As {@link encode}, for encodings whose messages are text: saves a copy on the way to a text frame. */
  encodeText?(envelope: Envelope): string;
  /**
   * Encodes data alone, as it would lie between `dataStart` and `dataEnd`. For middleware that replaces data.
   *
   * @throws {@link CodecError} when it can't be encoded.
   */
  encodeData(data: unknown): Uint8Array;

  /**
   * Turns a body as handlers pass it (a string, an error, field errors, bytes, a value) into wire data;
   * `undefined` when nothing is to be sent.
   *
   * @throws {@link CodecError} when this encoding has no form for it.
   */
  toData(body: unknown): unknown;
}

const actions = {
  CODEC_DECODE_FAILED: "Can't decode this message as",
  CODEC_ENCODE_FAILED: "Can't encode this message as",
  CODEC_OPTION_INVALID: "Can't make a codec for",
} as const satisfies Readonly<Record<CodecError["code"], string>>;

/** A message could not be decoded, or a value not encoded. `problem` says what was wrong and where. */
export class CodecError extends Error {
  static {
    this.prototype.name = "CodecError";
  }
  /** What failed: reading, writing, or making the codec. */
  readonly code: "CODEC_DECODE_FAILED" | "CODEC_ENCODE_FAILED" | "CODEC_OPTION_INVALID";
  /** The codec that failed. */
  readonly codec: string;
  /** What was wrong, and where. */
  readonly problem: string;
  /** The id of the message, when it could be read, so that the sender can be told. */
  readonly id: string | undefined;

  constructor(
    code: CodecError["code"],
    details: { readonly codec: string; readonly problem: string; readonly id?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(`${actions[code]} ${details.codec}: ${details.problem}`, options);
    this.code = code;
    this.codec = details.codec;
    this.problem = details.problem;
    this.id = details.id;
  }

  /** Whether `value` is a CodecError; works across duplicate installs, where `instanceof` doesn't. */
  static is(value: unknown): value is CodecError {
    return value instanceof Error && value.name === "CodecError";
  }
}

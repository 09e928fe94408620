import { CodecError } from "./codec-error.ts";
import { inWords } from "./internal/in-words.ts";

/**
 * How large the parts of an envelope may be by default. They bound what one message of a hostile peer can cost.
 * Every codec enforces `depth`, `idBytes` and `metaBytes`; the path limits belong to whoever routes.
 */
export const envelopeLimits = {
  /** Arrays and objects that may be open at once, the envelope itself included. */
  depth: 64,
  /** Length of an id in bytes of UTF-8. */
  idBytes: 128,
  /** Size of the encoded metadata in bytes. */
  metaBytes: 8_192,
  /** Length of a path in bytes of UTF-8. A gateway answers longer ones `BAD_PATH`. */
  pathBytes: 1_024,
  /** Segments of a path. A gateway answers paths with more `BAD_PATH`. */
  pathSegments: 32,
} as const;

/** What one codec takes, beside what every message is bound by. Both ends of a conversation should agree. */
export interface CodecOptions {
  /**
   * How many arrays and objects may be open at once, the envelope itself included; 1 to 1,000. Deeper ones would need
   * more of the stack than there may be.
   *
   * @defaultValue `64`
   */
  readonly maxDepth?: number | undefined;
  /**
   * Longest id, in bytes of UTF-8; 1 to 65,535. Ids are kept while their messages are open, and echoed.
   *
   * @defaultValue `128`
   */
  readonly maxIdBytes?: number | undefined;
  /**
   * Largest encoded metadata, in bytes; from 0 on.
   *
   * @defaultValue `8_192`
   */
  readonly maxMetaBytes?: number | undefined;
}

/** {@link CodecOptions} checked, with every default filled in. */
export type CodecLimits = { readonly [Name in keyof CodecOptions]-?: number };

/** @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range. */
export function codecLimits(codec: string, options: CodecOptions = {}): CodecLimits {
  const { depth, idBytes, metaBytes } = envelopeLimits;
  return {
    maxDepth: whole(codec, "maxDepth", options.maxDepth ?? depth, 1, 1_000),
    maxIdBytes: whole(codec, "maxIdBytes", options.maxIdBytes ?? idBytes, 1, 65_535),
    maxMetaBytes: whole(codec, "maxMetaBytes", options.maxMetaBytes ?? metaBytes, 0, 2 ** 31 - 1),
  };
}

function whole(codec: string, option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const problem = `${option} is ${inWords(value)}, but must be a whole number from ${least} to ${most}`;
  throw new CodecError("CODEC_OPTION_INVALID", { codec, problem });
}

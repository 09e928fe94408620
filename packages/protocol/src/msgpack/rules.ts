import { codecLimits } from "../limits.ts";
import type { CodecLimits, CodecOptions } from "../limits.ts";
import { RepeatedTexts } from "../repeated-texts.ts";
import type { SkipRules } from "./skip.ts";

/** What one codec takes, and how it skips what it decodes later and what it checks at once. */
export interface MsgpackRules extends CodecLimits {
  readonly lax: SkipRules;
  readonly strict: SkipRules;
  /** Paths that were seen before. */
  readonly paths: RepeatedTexts;
}

/** @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range. */
export function msgpackRules(options: CodecOptions | undefined): MsgpackRules {
  const limits = codecLimits("msgpack", options);
  const { maxDepth } = limits;
  return {
    ...limits,
    lax: { maxDepth, isStrict: false },
    strict: { maxDepth, isStrict: true },
    paths: new RepeatedTexts(),
  };
}

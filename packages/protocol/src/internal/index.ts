// For the other packages of this repository, which carry the same version. Nothing here is promised to anybody else.
export { optionChecks } from "./option-checks.ts";
export type { OptionChecks } from "./option-checks.ts";
export { harmless, ignore } from "./promises.ts";
export { inBatches } from "./in-batches.ts";
export { inWords } from "./in-words.ts";
export { RepeatedTexts } from "../repeated-texts.ts";
export { utf8Length } from "../text.ts";
export { TokenBucket } from "./token-bucket.ts";

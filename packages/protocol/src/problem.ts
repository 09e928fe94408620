import { CodecError } from "./codec-error.ts";

/** Makes the error for bytes that can't be decoded. */
export function decodeProblem(codec: string, problem: string, id?: string, cause?: unknown): CodecError {
  return new CodecError(
    "CODEC_DECODE_FAILED",
    { codec, problem, id },
    cause === undefined ? undefined : { cause },
  );
}

/** Makes the error for a value that can't be encoded. */
export function encodeProblem(codec: string, problem: string, id?: string, cause?: unknown): CodecError {
  return new CodecError(
    "CODEC_ENCODE_FAILED",
    { codec, problem, id },
    cause === undefined ? undefined : { cause },
  );
}

/** The sentence of whatever was thrown. */
export function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

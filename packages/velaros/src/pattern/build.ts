import { VelarosError } from "../errors.ts";
import type { Chunk } from "./chunk.ts";
import { readParam } from "./params.ts";

/** Values for the dynamic chunks of a pattern, by name. */
export type PathValues = Readonly<Record<string, string | number>>;

/** Writes a path that the chunks match. Values are taken as they are: not encoded, slashes kept. */
export function buildPath(
  pattern: string,
  chunks: readonly Chunk[],
  values: PathValues,
  wildcards: readonly (string | number)[],
): string {
  let path = "";
  let nextWildcard = 0;
  for (const chunk of chunks) {
    if (chunk.kind === "static") {
      path += `/${chunk.text}`;
      continue;
    }
    let value: string | number | undefined;
    if (chunk.kind === "dynamic") {
      value = readParam(values, chunk.name);
    } else {
      value = wildcards[nextWildcard];
      nextWildcard += 1;
    }
    if (value !== undefined && value !== "") {
      path += `/${value}`;
    } else if (chunk.modifier !== "?" && chunk.modifier !== "*") {
      const missing = chunk.kind === "dynamic" ? `parameter "${chunk.name}"` : `wildcard ${nextWildcard}`;
      throw new VelarosError("VELAROS_PATH_VALUE_MISSING", { pattern, missing });
    }
  }
  return path === "" ? "/" : path;
}

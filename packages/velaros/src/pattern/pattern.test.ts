import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VelarosError } from "../errors.ts";
import { compareSpecificity, Pattern } from "./pattern.ts";

interface MatchVector {
  readonly id: string;
  readonly group: string;
  readonly pattern: string;
  readonly path: string;
  readonly match: boolean;
  readonly params?: Readonly<Record<string, string>>;
  readonly error?: boolean;
}

interface PathVector {
  readonly id: string;
  readonly pattern: string;
  readonly params: Readonly<Record<string, string>> | null;
  readonly wildcards: readonly string[] | null;
  readonly out?: string;
  readonly error?: boolean;
}

function readVectors<Vector>(name: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), "utf8")) as Vector[];
}

const matchVectors = readVectors<MatchVector>("pattern-vectors.json");
const pathVectors = readVectors<PathVector>("path-vectors.json");

test.for(matchVectors)("vector $id ($group): $pattern on $path", (vector) => {
  if (vector.error === true) {
    expect(() => new Pattern(vector.pattern)).toThrow(VelarosError);
    return;
  }
  const pattern = new Pattern(vector.pattern);

  const params = pattern.match(vector.path);

  expect(pattern.matches(vector.path)).toBe(vector.match);
  expect(params === null ? null : Object.entries(params)).toEqual(
    vector.match ? Object.entries(vector.params ?? {}) : null,
  );
});

test.for(pathVectors)("path vector $id: $pattern", (vector) => {
  const pattern = new Pattern(vector.pattern);
  const build = (): string => pattern.path(vector.params ?? undefined, vector.wildcards ?? undefined);

  if (vector.error === true) expect(build).toThrow(VelarosError);
  else expect(build()).toBe(vector.out);
});

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

function problemOf(text: string): VelarosError<"VELAROS_PATTERN_INVALID">["details"] {
  try {
    new Pattern(text);
  } catch (error) {
    if (VelarosError.is(error, "VELAROS_PATTERN_INVALID")) return error.details;
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
}

test("static text is literal, whatever it would mean in a regular expression [quirk:Q1]", () => {
  expect(new Pattern("/users.json").matches("/usersXjson")).toBe(false);
  expect(new Pattern("/a|b").matches("/anything")).toBe(false);
  expect(new Pattern("/a|b").matches("/a|b")).toBe(true);
});

test("a subpattern is one anchored group, repeated as a whole [quirk:Q2 quirk:Q9]", () => {
  expect(new Pattern("/(d|e)").matches("/dzzz")).toBe(false);
  expect(new Pattern("/(d|e)").matches("/xe")).toBe(false);
  expect(new Pattern("/:x(a|b)+").match("/a/b/a")?.["x"]).toBe("a/b/a");
  expect(new Pattern("/a/:b(\\d+)/*?/(d|e)+").matches("/a/2/c/d/e/f/g")).toBe(false);
});

test("a backslash makes the next character literal, modifiers and parentheses too [quirk:Q3]", () => {
  expect(new Pattern("/what\\?").matches("/what?")).toBe(true);
  expect(new Pattern("/what\\?").matches("/what")).toBe(false);
  expect(new Pattern("/a\\(1\\)").matches("/a(1)")).toBe(true);
  expect(new Pattern("/\\d").matches("/5")).toBe(false);
});

test("a subpattern ends at its own parenthesis, past groups, classes, escapes and quotations [quirk:Q4]", () => {
  expect(new Pattern("/:v((?:v|V)([0-9]+))").match("/V12")?.["v"]).toBe("V12");
  expect(new Pattern("/:s([)(]+)").matches("/)()")).toBe(true);
  expect(new Pattern("/:s([^]/)]+)").matches("/ab")).toBe(true);
  expect(new Pattern("/:s([[:alpha:])]+)").matches("/a)")).toBe(true);
  expect(new Pattern("/:s(a\\)b)").matches("/a)b")).toBe(true);
  expect(new Pattern("/:s(\\Q(((\\E)").matches("/(((")).toBe(true);
});

test.for([
  ["/users/:id(\\d+", 10, "never closed"],
  ["/(\\Q)", 1, "never closed"],
  ["/([)", 1, "never closed"],
  ["/users/:id()", 10, "can't be empty"],
] as const)("%s is refused: its subpattern has no end or no content [quirk:Q5]", ([text, index, problem]) => {
  expect(problemOf(text)).toMatchObject({ pattern: text, index, problem: expect.stringContaining(problem) });
});

test.for([
  ["/*.js", 2, "nothing may follow"],
  ["/:id(\\d+)s", 9, "nothing may follow"],
  ["/:id(\\d+)(x)", 9, "second subpattern"],
  ["/**/x/***", 8, "nothing may follow"],
  ["/:id(a))", 7, "closes nothing"],
] as const)("%s is refused: something follows what a chunk may hold [quirk:Q6]", ([text, index, problem]) => {
  expect(problemOf(text)).toMatchObject({ pattern: text, index, problem: expect.stringContaining(problem) });
});

test("a modifier alone, and nothing at all, are refused [quirk:Q7 quirk:Q8]", () => {
  expect(problemOf("/a/?/b")).toMatchObject({
    index: 3,
    problem: expect.stringContaining("modifies nothing"),
  });
  expect(problemOf("")).toMatchObject({ index: 0, problem: expect.stringContaining("can't be empty") });
});

test("look-around and back-references are refused with the reason", () => {
  for (const expression of ["(?=a)a", "(?!a)b", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>"]) {
    expect(problemOf(`/:x(${expression})`).problem).toMatch(/no look-around and no back-references/);
  }
});

test("a subpattern whose program would be huge is refused", () => {
  expect(problemOf("/:x((?:a{100}){100})").problem).toMatch(/too large|repeat/);
});

test("the message of a bad pattern names the pattern, the place and the problem", () => {
  expect(() => new Pattern("/users/:")).toThrowErrorMatchingInlineSnapshot(
    `[VelarosError: Route pattern "/users/:" is invalid at character 7: a ":" must be followed by a parameter name.]`,
  );
  expect(() => new Pattern("/:id([0-9)")).toThrowErrorMatchingInlineSnapshot(
    `[VelarosError: Route pattern "/:id([0-9)" is invalid at character 4: this "(" is never closed.]`,
  );
});

test("optional and repeated wildcards need no value, escapes are written plain, paths of matches round-trip [quirk:Q10]", () => {
  expect(new Pattern("/files/**").path()).toBe("/files");
  expect(new Pattern("/a/*?/b").path()).toBe("/a/b");
  expect(new Pattern("/a\\?").path()).toBe("/a?");
  const pattern = new Pattern("/users/:id/:rest*");
  expect(pattern.path(pattern.match("/users/7/") ?? {})).toBe("/users/7");
  expect(pattern.path({ id: 7, rest: "a/b" })).toBe("/users/7/a/b");
});

test("a missing value is named", () => {
  expect(() => new Pattern("/a/*/:id").path({}, ["x"])).toThrowErrorMatchingInlineSnapshot(
    `[VelarosError: Can't build a path for "/a/*/:id": no value for parameter "id". Pass one to path().]`,
  );
  expect(() => new Pattern("/a/*/*").path({}, ["x"])).toThrowErrorMatchingInlineSnapshot(
    `[VelarosError: Can't build a path for "/a/*/*": no value for wildcard 2. Pass one to path().]`,
  );
});

test("anchors that a subpattern has by itself change nothing", () => {
  expect(new Pattern("/:id(^\\d+$)/x").match("/12/x")?.["id"]).toBe("12");
  expect(new Pattern("/:p(^.*$)/x").match("/1/2/x")?.["p"]).toBe("1/2");
  expect(new Pattern("/:p(.*\\$)/x").match("/1/$/x")?.["p"]).toBe("1/$");
});

test("groups inside subpatterns create no parameters, not even equal names in two of them", () => {
  const params = new Pattern("/:a((?<n>.)x)/:b((?P<n>.)(y))/:rest(.*)").match("/1x/2y/3/4");

  expect(Object.entries(params ?? {})).toEqual([
    ["a", "1x"],
    ["b", "2y"],
    ["rest", "3/4"],
  ]);
});

test("the JSON form reads back, and a bad one is refused", () => {
  const pattern = new Pattern("/users/:id");

  expect(JSON.stringify({ route: pattern })).toBe('{"route":{"Pattern":"/users/:id"}}');
  expect(Pattern.fromJSON(JSON.parse(JSON.stringify(pattern))).match("/users/1")?.["id"]).toBe("1");
  for (const bad of [null, undefined, "/users", 7, {}, { Pattern: 7 }, { Pattern: "users" }]) {
    expect(() => Pattern.fromJSON(bad)).toThrow(VelarosError);
  }
});

test("specificity falls chunk by chunk: text, subpattern, :x, *, ?, +, **", () => {
  const falling = ["/a/b", "/a/([a-z]+)", "/a/:x", "/a/*", "/a/:x?", "/a/:x+", "/a/**"].map(
    (text) => new Pattern(text),
  );
  for (const [place, pattern] of falling.entries()) {
    for (const [otherPlace, other] of falling.entries()) {
      expect(Math.sign(compareSpecificity(pattern, other))).toBe(Math.sign(place - otherPlace));
    }
  }
});

test("an earlier chunk outweighs all later ones, and what ends here beats what may go on", () => {
  const before = (left: string, right: string): boolean =>
    compareSpecificity(new Pattern(left), new Pattern(right)) < 0;

  expect(before("/a/**", "/:x/b")).toBe(true);
  expect(before("/a", "/a/:x?")).toBe(true);
  expect(before("/a", "/a/**")).toBe(true);
  expect(before("/**/x", "/**")).toBe(true);
  expect(before("/a/:x", "/a/:y")).toBe(false);
});

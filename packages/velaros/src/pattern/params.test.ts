import { expect, test } from "vitest";
import { createParams } from "./params.ts";
import { Pattern } from "./pattern.ts";

test("parameters are read by their name or looked up in any case", () => {
  const params = new Pattern("/users/:userId/:Kind?").match("/users/7");

  expect(params?.["userId"]).toBe("7");
  expect(params?.get("userId")).toBe("7");
  expect(params?.get("USERID")).toBe("7");
  expect(params?.get("kind")).toBe("");
  expect(params?.get("nothing")).toBe("");
});

test("of names that differ only in case, the exact one wins, then the first in the pattern", () => {
  const params = createParams(["ID", "id"], ["upper", "lower"]);

  expect(params.get("ID")).toBe("upper");
  expect(params.get("id")).toBe("lower");
  expect(params.get("Id")).toBe("upper");
});

test("names and values of objects' own machinery are ordinary text [fault:R9]", () => {
  const params = new Pattern("/:__proto__/:constructor/:toString").match("/a/__proto__/constructor");

  expect(Object.entries(params ?? {})).toEqual([
    ["__proto__", "a"],
    ["constructor", "__proto__"],
    ["toString", "constructor"],
  ]);
  expect(params?.get("CONSTRUCTOR")).toBe("__proto__");
  expect(Reflect.get(new Pattern("/:a").match("/x") ?? {}, "constructor")).toBeUndefined();
  expect(Reflect.get({}, "a")).toBeUndefined();
});

test("a parameter called get leaves the method in place and is found with it", () => {
  const pattern = new Pattern("/:get/:id");
  const params = pattern.match("/x/7");

  expect(params?.get("get")).toBe("x");
  expect(params?.get("GET")).toBe("x");
  expect(params?.get("id")).toBe("7");
  expect(pattern.path(params ?? {})).toBe("/x/7");
});

test("the last of two equal names wins", () => {
  expect(new Pattern("/:a/:a").match("/1/2")?.["a"]).toBe("2");
});

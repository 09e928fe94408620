import fc from "fast-check";
import { expect, test } from "vitest";
import { pathProblem } from "./canonical-path.ts";

const limits = { maxPathBytes: 1024, maxPathSegments: 32 };

test.each([
  "/",
  "/chat/join",
  "/chat/join/",
  "/v1.0/.hidden/..x/...",
  "/a%2Fb/%2e%2e",
  "/q?x=1#y",
  "/ünï/日本/😀",
  `/${"a".repeat(1023)}`,
  "/a".repeat(32),
])("takes %j", (path) => {
  expect(pathProblem(path, limits)).toBeUndefined();
});

test.each([
  ["", "does not begin with a slash"],
  ["chat", "does not begin with a slash"],
  ["//", "empty segment"],
  ["/a//b", "empty segment"],
  ["/a//", "empty segment"],
  ["/./a", "segment ."],
  ["/a/.", "segment ."],
  ["/a/../b", "segment .."],
  ["/a/..", "segment .."],
  ["/a\\b", "backslash"],
  ["/a\u0000", "control character"],
  ["/a\nb", "control character"],
  ["/a\u007f", "control character"],
  ["/a\u0085", "control character"],
  ["/\ud83d", "surrogate"],
  ["/\ude00\ud83d", "surrogate"],
  [`/${"a".repeat(1024)}`, "longer than 1024 bytes"],
  [`/${"日".repeat(342)}`, "longer than 1024 bytes"],
  [`/${"😀".repeat(256)}`, "longer than 1024 bytes"],
  ["/a".repeat(33), "more than 32 segments"],
])("refuses %j [fault:R3]", (path, problem) => {
  expect(pathProblem(path, limits)).toContain(problem);
});

test("agrees with the definition for whatever a client sends", () => {
  const piece = fc.constantFrom("/", ".", "..", "a", "\\", "\u0001", "é", "😀", "%2f", "\ud800");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = pieces.join("");
      const segments = path.slice(1).replace(/\/$/u, "").split("/");

      const canonical =
        path.startsWith("/") &&
        // oxlint-disable-next-line no-control-regex -- control characters are the subject
        !/[\u0000-\u001f\u007f-\u009f\\]/u.test(path) &&
        !/\p{Surrogate}/u.test(path) &&
        (path === "/" || segments.every((segment) => segment !== "" && segment !== "." && segment !== ".."));

      expect(pathProblem(path, limits) === undefined).toBe(canonical);
    }),
  );
});

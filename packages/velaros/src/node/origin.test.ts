import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob, OriginPolicy } from "./origin.ts";

test.each<[boolean, string | undefined, string, string[]]>([
  [true, undefined, "api.example.com", []],
  [true, "https://example.com", "example.com", []],
  [true, "https://EXAMPLE.com", "example.COM", []],
  [true, "https://example.com", "example.com:443", []],
  [true, "http://example.com", "example.com:80", []],
  [true, "https://example.com:8443", "example.com:8443", []],
  [false, "https://example.com:8443", "example.com", []],
  [false, "https://example.com", "example.com.evil.example", []],
  [false, "https://evil.example", "example.com", []],
  [true, "http://localhost:3000", "localhost:8080", []],
  [true, "http://127.0.0.1:3000", "localhost:8080", []],
  [true, "http://[::1]:3000", "127.0.0.1:8080", []],
  [true, "http://app.localhost:3000", "localhost:8080", []],
  [false, "http://localhost:3000", "api.example.com", []],
  [false, "http://127.0.0.1.evil.example", "localhost:8080", []],
  [false, "null", "localhost:8080", []],
  [false, "null", "localhost:8080", ["*"]],
  [true, "null", "localhost:8080", ["null"]],
  [true, "https://anything.example", "api.example.com", ["*"]],
  [true, "https://app.example.com", "api.example.com", ["https://*.example.com"]],
  [false, "https://example.com", "api.example.com", ["https://*.example.com"]],
  [false, "http://app.example.com", "api.example.com", ["https://*.example.com"]],
  [true, "https://app.example.com:8443", "api.example.com", ["*.example.com:8443"]],
  [false, "https://app.example.com:8443", "api.example.com", ["*.example.com"]],
  [true, "http://localhost:3000", "api.example.com", ["localhost:3000"]],
  [true, "HTTPS://App.Example.com", "api.example.com", ["https://APP.example.com"]],
])("%s for origin %s at host %s with %j", (allowed, origin, host, patterns) => {
  expect(new OriginPolicy(patterns).allows(origin, host)).toBe(allowed);
});

test("A glob matches as its translation to a regular expression does", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "*", "/", "."), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 12 }),
      (pattern, text) => {
        const source = pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*");
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      },
    ),
  );
});

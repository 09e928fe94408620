import { expectTypeOf, test } from "vitest";
import type { JoinPatterns, PathParams } from "velaros-protocol";

test("infers names from a pattern literal", () => {
  expectTypeOf<PathParams<"/">>().toEqualTypeOf<{}>();
  expectTypeOf<PathParams<"/users/list">>().toEqualTypeOf<{}>();
  expectTypeOf<PathParams<"/users/:id">>().toEqualTypeOf<{ readonly id: string }>();
  expectTypeOf<PathParams<"/users/:id/posts/:post_2">>().toEqualTypeOf<{
    readonly id: string;
    readonly post_2: string;
  }>();
  expectTypeOf<PathParams<"/:a/:b/:c/:d">>().toEqualTypeOf<Record4>();
  expectTypeOf<PathParams<"/a//:id/">>().toEqualTypeOf<{ readonly id: string }>();
});

interface Record4 {
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly d: string;
}

test("leaves modifiers and wildcards out of the names", () => {
  expectTypeOf<PathParams<"/:a?/:b+/:c*">>().toEqualTypeOf<{
    readonly a: string;
    readonly b: string;
    readonly c: string;
  }>();
  expectTypeOf<PathParams<"/files/*/**/:name">>().toEqualTypeOf<{ readonly name: string }>();
});

test("skips subpatterns, whatever they contain", () => {
  expectTypeOf<PathParams<"/:id(\\d+)/edit">>().toEqualTypeOf<{ readonly id: string }>();
  expectTypeOf<PathParams<"/:id(\\d+)*/:b">>().toEqualTypeOf<{ readonly id: string; readonly b: string }>();
  expectTypeOf<PathParams<"/:id(a/:no)/:yes">>().toEqualTypeOf<{
    readonly id: string;
    readonly yes: string;
  }>();
  expectTypeOf<PathParams<"/:a((x|y)(z))?/(b|c)/:d">>().toEqualTypeOf<{
    readonly a: string;
    readonly d: string;
  }>();
  expectTypeOf<PathParams<"/:a([)/:no\\]]+)/:b(\\)/:no)">>().toEqualTypeOf<{
    readonly a: string;
    readonly b: string;
  }>();
});

test("takes escaped characters for text", () => {
  expectTypeOf<PathParams<"/\\:static/a\\(b/:id">>().toEqualTypeOf<{ readonly id: string }>();
  expectTypeOf<PathParams<"/a:b/c">>().toEqualTypeOf<{}>();
});

test("allows any name when the pattern is not known", () => {
  expectTypeOf<PathParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
});

test("rejects names that the pattern does not have", () => {
  const params = { id: "1" } as PathParams<"/users/:id">;

  expectTypeOf(params.id).toBeString();
  // @ts-expect-error the pattern has no parameter of this name
  expectTypeOf(params.name).toBeAny();
});

test("joins a mounted pattern to its prefix", () => {
  expectTypeOf<JoinPatterns<"/users", "/:id">>().toEqualTypeOf<"/users/:id">();
  expectTypeOf<JoinPatterns<"/users/", "/:id">>().toEqualTypeOf<"/users/:id">();
  expectTypeOf<JoinPatterns<"/", "/:id">>().toEqualTypeOf<"/:id">();
  expectTypeOf<JoinPatterns<"/users", "/">>().toEqualTypeOf<"/users">();
  expectTypeOf<JoinPatterns<"/", "/">>().toEqualTypeOf<"/">();
  expectTypeOf<JoinPatterns<string, "/a">>().toEqualTypeOf<string>();
});

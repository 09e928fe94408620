/**
 * The parameters of a route pattern, inferred from its text. Every declared parameter is there when the
 * pattern matches; an optional one that matched nothing is the empty string.
 *
 * A pattern that is not known at compile time gives a record of any names.
 *
 * @example
 * ```ts
 * type Params = PathParams<"/users/:id(\\d+)/:rest*">; // { readonly id: string; readonly rest: string }
 * ```
 */
export type PathParams<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamName<WithoutSubpatterns<Pattern>>]: string };

/** Puts a mounted pattern behind its prefix, with one slash in between. */
export type JoinPatterns<Prefix extends string, Pattern extends string> = string extends Prefix | Pattern
  ? string
  : `${WithoutTrailingSlash<Prefix>}${Pattern extends "/" ? "" : Pattern}` extends infer Joined extends string
    ? Joined extends ""
      ? "/"
      : Joined
    : never;

type WithoutTrailingSlash<Text extends string> = Text extends `${infer Head}/`
  ? WithoutTrailingSlash<Head>
  : Text;

/** Without subpatterns a chunk that begins with a colon is a name, perhaps with a modifier. */
type ParamName<Pattern extends string> = Pattern extends `${string}/:${infer Rest}`
  ? Rest extends `${infer Chunk}/${infer Tail}`
    ? WithoutModifier<Chunk> | ParamName<`/${Tail}`>
    : WithoutModifier<Rest>
  : never;

type WithoutModifier<Chunk extends string> = Chunk extends `${infer Name}${"?" | "+" | "*"}` ? Name : Chunk;

/** Cuts out `(…)`. An escaped parenthesis is literal text and stays. */
type WithoutSubpatterns<Pattern extends string> = Pattern extends `${infer Before}(${infer After}`
  ? Before extends `${string}\\`
    ? `${Before}(${WithoutSubpatterns<After>}`
    : `${Before}${WithoutSubpatterns<AfterSubpattern<After>>}`
  : Pattern;

/**
 * What follows the parenthesis that closes the subpattern. `Open` has one element for each parenthesis that was
 * opened inside. Escapes and character classes hide parentheses.
 */
type AfterSubpattern<
  Text extends string,
  Open extends readonly unknown[] = [],
> = Text extends `${infer First}${infer Rest}`
  ? First extends "\\"
    ? Rest extends `${string}${infer AfterEscape}`
      ? AfterSubpattern<AfterEscape, Open>
      : ""
    : First extends "["
      ? AfterSubpattern<AfterClass<Rest>, Open>
      : First extends "("
        ? AfterSubpattern<Rest, [...Open, unknown]>
        : First extends ")"
          ? Open extends readonly [unknown, ...infer Outer]
            ? AfterSubpattern<Rest, Outer>
            : Rest
          : AfterSubpattern<Rest, Open>
  : "";

type AfterClass<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? First extends "\\"
    ? Rest extends `${string}${infer AfterEscape}`
      ? AfterClass<AfterEscape>
      : ""
    : First extends "]"
      ? Rest
      : AfterClass<Rest>
  : "";

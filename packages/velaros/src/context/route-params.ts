/** Names of the parameters in one chunk of a pattern: `:id`, `:id(\\d+)`, `:rest*`. */
type ChunkParam<Chunk extends string> = Chunk extends `:${infer Rest}` ? ParamName<Rest> : never;

type ParamName<Text extends string> = Text extends `${infer Name}(${string}`
  ? Name
  : Text extends `${infer Name}${"?" | "+" | "*"}`
    ? Name
    : Text;

type ParamNames<Path extends string> = Path extends `${infer Chunk}/${infer Rest}`
  ? ChunkParam<Chunk> | ParamNames<Rest>
  : ChunkParam<Path>;

/** The parameters that a path literal names, each a string; any name for paths that are not literals. */
export type RouteParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Path>]: string };

/** Looks parameters up by name. */
export interface ParamsLookup {
  /** Prefers the exact spelling, then ignores case; `""` when there is no such parameter. */
  get(name: string): string;
}

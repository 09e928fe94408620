/** What {@link Params} offers beside the parameters themselves. */
export interface ParamsLookup {
  /**
   * Finds a parameter by name: in exactly this spelling, else the first in pattern order that differs only in
   * case.
   *
   * @returns The value, or `""` when the pattern has no such parameter.
   */
  get(name: string): string;
}

/**
 * The parameters that a path filled in, under the names of its pattern. A record without the usual prototype, so
 * that parameters may be called `constructor` or `__proto__`. Optional parameters that are absent are `""`. A
 * parameter called `get` is found with `get("get")` only.
 */
export type Params<Names extends string = string> = Readonly<Record<Names, string>> & ParamsLookup;

/** Where a parameter called `get` lives, out of the way of the method. */
const shadowedGet = Symbol("get");

const prototype: ParamsLookup = Object.create(null, {
  get: {
    value(this: object, name: string): string {
      const exact = readParam(this, name);
      if (exact !== undefined) return String(exact);
      const wanted = name.toLowerCase();
      const key = Object.keys(this).find((candidate) => candidate.toLowerCase() === wanted);
      return String(readParam(this, key ?? wanted) ?? "");
    },
  },
}) as ParamsLookup;

// Instances of a constructor have fast properties, those of Object.create(null) don't. A function can't be typed as
// a constructor without a cast.
const ParamsRecord = function () {} as unknown as new () => Record<string, string>;
ParamsRecord.prototype = prototype;

/** Builds the parameters of one match; `names` and `values` belong together, and of equal names the last one wins. */
export function createParams(names: readonly string[], values: readonly string[]): Params {
  const params = new ParamsRecord();
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    const value = values[index] ?? "";
    if (name === "get") Object.defineProperty(params, shadowedGet, { value, configurable: true });
    else params[name] = value;
  }
  return params as Params;
}

/** For whatever takes no parameters. */
export const noParams: Params = Object.freeze(createParams([], []));

/** The value of exactly this parameter, from {@link Params} or a plain record; undefined when it is not there. */
export function readParam(params: object, name: string): string | number | undefined {
  if (Object.hasOwn(params, name)) return Reflect.get(params, name) as string | number | undefined;
  return name === "get" ? (Reflect.get(params, shadowedGet) as string | undefined) : undefined;
}

import { isSubjectToken } from "../transport/subject-token.ts";

/** Why something that came from the bus can't be used. Never leaves the reader that throws it. */
export class Rejection extends Error {}

/** Reads the fields of a decoded JSON object, each checked. Unknown fields are left alone, for versions to come. */
export class FieldReader {
  readonly #fields: object;
  readonly #where: string;

  /** @param where - What problems call the object; nothing for the announcement itself. */
  constructor(value: unknown, where: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Rejection(`${where || "it"} is not an object`);
    }
    this.#fields = value;
    this.#where = where;
  }

  /** Whether the field is there at all. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** A name or id: one token of a subject. */
  token(name: string): string {
    const value = this.#get(name);
    if (isToken(value)) return value;
    throw this.#wrong(name, "be 1 to 64 of A-Z a-z 0-9 _ and -");
  }

  /** A whole number from 0 to 2^53 − 1. */
  count(name: string): number {
    const value = this.#get(name);
    if (isCount(value)) return value;
    throw this.#wrong(name, "be a whole number of at least 0");
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, "be true or false");
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.#get(name);
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw this.#wrong(name, `be one of ${choices.join(", ")}`);
  }

  object(name: string): FieldReader {
    return new FieldReader(this.#get(name), this.#path(name));
  }

  list(name: string, maxEntries: number): readonly unknown[] {
    const value = this.#get(name);
    if (!Array.isArray(value)) throw this.#wrong(name, "be a list");
    if (value.length > maxEntries) throw this.#wrong(name, `have at most ${maxEntries} entries`);
    return value;
  }

  tokens(name: string, maxEntries: number): readonly string[] {
    const values = this.list(name, maxEntries);
    if (values.every(isToken)) return values;
    throw this.#wrong(name, "be names only, each of 1 to 64 of A-Z a-z 0-9 _ and -");
  }

  /** An object of counts by token, as a map that no key can poison. */
  counts(name: string, maxEntries: number): ReadonlyMap<string, number> {
    const value = this.#get(name);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong(name, "be an object");
    }
    const entries: [string, unknown][] = Object.entries(value);
    if (entries.length > maxEntries) throw this.#wrong(name, `have at most ${maxEntries} entries`);
    const counts = new Map<string, number>();
    for (const [key, count] of entries) {
      if (!isToken(key) || !isCount(count)) throw this.#wrong(name, "be whole numbers by id");
      counts.set(key, count);
    }
    return counts;
  }

  text(name: string, maxLength: number): string {
    const value = this.#get(name);
    if (typeof value === "string" && value.length <= maxLength) return value;
    throw this.#wrong(name, `be a text of at most ${maxLength} characters`);
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? Reflect.get(this.#fields, name) : undefined;
  }

  #path(name: string): string {
    return this.#where === "" ? name : `${this.#where}.${name}`;
  }

  #wrong(name: string, expected: string): Rejection {
    return new Rejection(`${this.#path(name)} must ${expected}`);
  }
}

function isToken(value: unknown): value is string {
  return typeof value === "string" && isSubjectToken(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

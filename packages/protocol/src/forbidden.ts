import { isWellFormed } from "./text.ts";

/**
 * What decoded data must not contain, whatever the encoding: text that is no Unicode, and the key `__proto__`,
 * which changes the prototype of the object that the data is merged into (`Object.assign` does so).
 *
 * @returns What was found, or undefined.
 */
export function findForbidden(value: unknown, maxDepth: number, depth: number = 1): string | undefined {
  if (typeof value === "string") return isWellFormed(value) ? undefined : "a string holds half a character";
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= maxDepth) return `more than ${maxDepth} levels of nesting`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = findForbidden(item, maxDepth, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") return 'the key "__proto__" is not allowed';
    const found = isWellFormed(key)
      ? findForbidden(item, maxDepth, depth + 1)
      : "a key holds half a character";
    if (found !== undefined) return found;
  }
  return undefined;
}

import type { Mount } from "../chain/message-node.ts";
import { Pattern } from "../pattern/pattern.ts";

/** Longer than any name that people give, so that it hides no parameter of theirs. */
const remainderName = "velaros_remainder_behind_the_mount";

/** The pattern text that `use(path)` stands for; undefined for everything. */
export function mountPattern(path: string): string | undefined {
  if (path === "" || path === "/" || path === "/**") return undefined;
  if (path.endsWith("/**")) return path;
  return `${path.endsWith("/") ? path.slice(0, -1) : path}/**`;
}

/** What is left of paths behind a mount at this pattern, which ends in `/**`; everything at the root. */
export function createMount(pattern: string | undefined): Mount {
  if (pattern === undefined) return { prefix: "", remainder: (path) => path };
  const prefix = pattern.slice(0, -"/**".length);
  const capturing = new Pattern(`${prefix}/:${remainderName}*`);
  return {
    prefix,
    remainder(path) {
      const params = capturing.match(path);
      return params === null ? undefined : `/${params[remainderName] ?? ""}`;
    },
  };
}

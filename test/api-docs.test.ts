import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly "@velaros/source": string }>>;
}

test.each(["protocol", "velaros", "eurus"])(
  "every name that packages/%s exports says what it is",
  async (name) => {
    expect((await undocumentedIn(name)).filter((found) => !found.includes("."))).toEqual([]);
  },
);

test.each(["protocol", "velaros"])(
  "so does every member of the classes and interfaces that packages/%s exports",
  async (name) => {
    expect((await undocumentedIn(name)).filter((found) => found.includes("."))).toEqual([]);
  },
);

/** Exported names, and members of exported classes and interfaces, without a doc comment. */
async function undocumentedIn(name: string): Promise<readonly string[]> {
  const folder = join(root, "packages", name);
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string" ? [] : join(folder, entry["@velaros/source"]),
  );
  return [...new Set((await Promise.all(entries.map(undocumentedOf))).flat())];
}

async function undocumentedOf(entry: string): Promise<readonly string[]> {
  const text = await readFile(entry, "utf8");
  const found = missingIn(text, () => true);
  for (const [, list, all, from = ""] of text.matchAll(
    /^export (?:type )?(?:\{([^}]*)\}|(\*)) from "(\.[^"]+)"/gm,
  )) {
    const file = join(dirname(entry), from);
    if (all !== undefined) {
      found.push(...(await undocumentedOf(file)));
      continue;
    }
    const names = new Set((list ?? "").split(",").map((name) => name.trim().replace(/^type /, "")));
    found.push(...missingIn(await readFile(file, "utf8"), (name) => names.has(name)));
  }
  return found;
}

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(class|interface|type|const|function) (\w+)/;
/** Of a class or an interface. `#private` ones need no comment, and of several overloads only the first. */
const member = /^ {2}(?:declare )?(?:static )?(?:readonly )?(?:async )?(?:get )?"?([a-z]\w*)"?[?(:<]/;

/** What the comment of its owner says already. */
const selfEvident = new Set(["constructor", "kind"]);

function missingIn(text: string, isWanted: (name: string) => boolean): string[] {
  const lines = text.split("\n");
  const missing: string[] = [];
  const documented = new Set<string>();
  let owner: string | undefined;
  for (const [index, line] of lines.entries()) {
    const [, kind, name = ""] = declaration.exec(line) ?? [];
    if (kind !== undefined) {
      const isBody = kind === "class" || kind === "interface";
      owner = isBody && isWanted(name) ? name : undefined;
      if (isWanted(name) && !isDocumented(lines, index)) missing.push(name);
    } else if (line === "}") {
      owner = undefined;
    } else if (owner !== undefined) {
      const [, memberName] = member.exec(line) ?? [];
      if (memberName === undefined || selfEvident.has(memberName)) continue;
      const full = `${owner}.${memberName}`;
      if (isDocumented(lines, index)) documented.add(full);
      else if (!documented.has(full)) missing.push(full);
    }
  }
  return missing;
}

function isDocumented(lines: readonly string[], index: number): boolean {
  return lines[index - 1]?.trimEnd().endsWith("*/") === true;
}

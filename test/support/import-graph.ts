import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";

/** Who knows whom, by name. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The sources of a package, tests aside, and which others each of them imports; types count like everything else. */
export async function importGraph(folder: string): Promise<Graph> {
  const graph = new Map<string, Set<string>>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^(?!.*\.test(-d)?\.ts$).*\.ts$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, "utf8");
    const imports = [...text.matchAll(/^(?:import|export|\}) .*from "(\.[^"]+)";$/gm)];
    const paths = imports.map(([, path = ""]) => relative(folder, normalize(join(dirname(file), path))));
    graph.set(relative(folder, file), new Set(paths));
  }
  return graph;
}

/** The same for rooms: folders right below the root, and each file that lies there by itself. */
export function roomGraph(files: Graph): Graph {
  const rooms = new Map<string, Set<string>>();
  for (const [file, imports] of files) {
    const room = roomOf(file);
    const known = rooms.get(room) ?? new Set();
    for (const path of imports) if (roomOf(path) !== room) known.add(roomOf(path));
    rooms.set(room, known);
  }
  return rooms;
}

function roomOf(file: string): string {
  return file.split("/")[0] ?? file;
}

/** Groups in which each knows each other, be it by way of others. */
export function circles(graph: Graph): readonly (readonly string[])[] {
  const reached = new Map([...graph.keys()].map((name) => [name, reachable(graph, name)]));
  const found = new Map<string, readonly string[]>();
  for (const [name, others] of reached) {
    if (!others.has(name)) continue;
    const circle = [...others].filter((other) => reached.get(other)?.has(name) === true).toSorted();
    found.set(circle.join(" "), circle);
  }
  return [...found.values()].toSorted((one, other) => (one[0] ?? "").localeCompare(other[0] ?? ""));
}

function reachable(graph: Graph, from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const pending = [...(graph.get(from) ?? [])];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    pending.push(...(graph.get(name) ?? []));
  }
  return seen;
}

// Removes what the compiler wrote. With --stale only what no longer has a source: the compiler never deletes
// the output of a file that was renamed or removed, and it would be packed.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../packages/", import.meta.url));
const onlyStale = process.argv.includes("--stale");

for (const name of readdirSync(packages)) {
  const dist = join(packages, name, "dist");
  if (!existsSync(dist)) continue;
  if (!onlyStale) rmSync(dist, { recursive: true });
  else removeStale(dist, join(packages, name, "src"));
}

function removeStale(dist, sources) {
  for (const path of readdirSync(dist, { recursive: true })) {
    const module = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(path);
    if (module !== null && !existsSync(join(sources, `${module[1]}.ts`))) rmSync(join(dist, path));
  }
}

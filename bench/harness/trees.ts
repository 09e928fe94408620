import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A commit laid out in a folder of its own, ready to be compiled. */
export interface Tree {
  readonly root: string;
  readonly commit: string;
  remove(): void;
}

/**
 * Lays out a commit in a temporary folder. Libraries are shared with the working tree, its own packages come from
 * the commit, and the benchmarks are those of the working tree, so that only the product differs.
 */
export function layOut(repository: string, revision: string): Tree {
  const commit = git(repository, "rev-parse", "--short=12", `${revision}^{commit}`);
  const root = mkdtempSync(join(tmpdir(), "bench-compare-"));
  const remove = (): void => {
    if (!existsSync(root)) return;
    git(repository, "worktree", "remove", "--force", root);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    git(repository, "worktree", "add", "--quiet", "--detach", root, commit);
    rmSync(join(root, "bench"), { recursive: true, force: true });
    cpSync(join(repository, "bench"), join(root, "bench"), {
      recursive: true,
      filter: (path) => !path.startsWith(join(repository, "bench/dist")),
    });
    linkLibraries(join(repository, "node_modules"), join(root, "node_modules"));
    return { root, commit, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Links every installed library; links between workspaces are made anew, into the same tree. */
function linkLibraries(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const source = join(from, name);
    if (name.startsWith("@")) linkLibraries(source, join(to, name));
    else if (lstatSync(source).isSymbolicLink()) symlinkSync(readlinkSync(source), join(to, name));
    else symlinkSync(resolve(source), join(to, name));
  }
}

function git(repository: string, ...words: readonly string[]): string {
  return execFileSync("git", ["-C", repository, ...words], { encoding: "utf8" }).trim();
}

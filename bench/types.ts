// npm run bench:types
//
// How long TypeScript takes to check a router with 200 public routes, against one with 4: with parameters, schemas,
// returned answers and mounted routers, all in one chain of calls, and with the route map in use as a client uses it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "./harness/build.ts";
import { describeMachine } from "./harness/machine.ts";
import { figureOf, table } from "./harness/report.ts";
import { writeResults } from "./harness/results.ts";

const rounds = 5;
const root = fileURLToPath(new URL("..", import.meta.url));
const sizes = [4, 200];

build(root);
const parent = join(root, "bench", "dist");
mkdirSync(parent, { recursive: true });
const folder = mkdtempSync(join(parent, "types-"));
try {
  for (const size of sizes) writeProject(size);
  const seconds = new Map(sizes.map((size): [number, number[]] => [size, []]));
  // In turns, so that whatever else the machine does falls on both.
  for (let round = 0; round < rounds; round++) {
    for (const size of sizes) seconds.get(size)?.push(check(size));
  }
  report(seconds);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function writeProject(size: number): void {
  writeFileSync(join(folder, `router-${size}.ts`), routerOf(size));
  writeFileSync(
    join(folder, `tsconfig-${size}.json`),
    JSON.stringify({
      compilerOptions: {
        target: "es2022",
        lib: ["es2023", "esnext.disposable", "dom"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: true,
        noEmit: true,
      },
      files: [`router-${size}.ts`],
    }),
  );
}

/** The text of a program with this many public routes; four kinds, in equal parts. */
function routerOf(size: number): string {
  const units = Array.from({ length: size / 4 }, (_, index) => index);
  const routes = units.flatMap((index) => [
    `  .publicBind("/users-${index}/:id", (ctx) => ctx.reply({ id: ctx.params.id }))`,
    `  .publicBind("/orders-${index}/:order/items/:item?", { input: z.object({ n: z.number() }), output: z.object({ ok: z.boolean() }) }, async (ctx) => ({ ok: (await ctx.receive()).n > 0 && ctx.params.item !== "" }))`,
    `  .publicBind("/time-${index}", async () => ({ now: new Date().toISOString() }))`,
    `  .use("/teams-${index}/:team", new Router().publicBind("/members/:member", (ctx) => ({ member: ctx.params.member })))`,
  ]);
  const uses = units.flatMap((index) => [
    `  client.call("/orders-${index}/:order/items/:item?", { n: ${index} }).then(({ ok }) => ok satisfies boolean),`,
    `  client.call("/teams-${index}/:team/members/:member", undefined).then(({ member }) => member satisfies string),`,
  ]);
  return `import { Router } from "velaros";
import { json } from "velaros/json";
import type { RouteInput, RouteOutput } from "velaros-protocol";
import { z } from "zod";

export const router = new Router()
  .use(json())
${routes.join("\n")};

type Routes = (typeof router)["~routes"];
declare const client: {
  call<Pattern extends string & keyof Routes>(
    pattern: Pattern,
    input: RouteInput<Routes, NoInfer<Pattern>>,
  ): Promise<RouteOutput<Routes, Pattern>>;
};
export const uses = () => [
${uses.join("\n")}
];
`;
}

/** Seconds of one run of the compiler, its start included: what somebody waits for. */
function check(size: number): number {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const began = performance.now();
  execFileSync(process.execPath, [tsc, "-p", join(folder, `tsconfig-${size}.json`)], { stdio: "inherit" });
  return (performance.now() - began) / 1_000;
}

function report(seconds: ReadonlyMap<number, readonly number[]>): void {
  const few = seconds.get(4) ?? [];
  const many = seconds.get(200) ?? [];
  const results = {
    fourRoutesSeconds: figureOf(few),
    twoHundredRoutesSeconds: figureOf(many),
    ratio: figureOf(many.map((value, index) => value / (few[index] ?? Number.NaN))),
  };
  const rows = Object.entries(results).map(([name, { median }]) => [name, median.toFixed(2)]);
  const file = writeResults(root, "types", true, { machine: describeMachine(root), ...results });
  process.stdout.write(`${table([["", "median"], ...rows])}\nWritten to ${file}\n`);
}

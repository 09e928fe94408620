import { pathToFileURL } from "node:url";
import { Bench } from "tinybench";
import { PatternIndex } from "../../packages/velaros/src/pattern/pattern-index.ts";
import { Pattern } from "../../packages/velaros/src/pattern/pattern.ts";

/** Routes of the kinds that services have. */
function manyRoutes(count: number): Pattern[] {
  return Array.from({ length: count }, (_, route) => {
    const shapes = [
      `/service${route % 50}/resource${route}`,
      `/service${route % 50}/resource${route}/:id`,
      `/service${route % 50}/resource${route}/:id/items/:item?`,
      `/service${route % 50}/resource${route}/:id([0-9]+)/history`,
      `/service${route % 50}/resource${route}/**`,
    ];
    return new Pattern(shapes[route % shapes.length] ?? "/");
  });
}

/** Patterns and paths that stop a backtracking engine. */
const attacks: readonly (readonly [pattern: string, pathOf: (length: number) => string])[] = [
  ["/:id([a-z]+[a-z]+[a-z]+[a-z]+[a-z]+)", (length) => `/${"a".repeat(length - 2)}1`],
  ["/:id(((a*)*)*b)", (length) => `/${"a".repeat(length - 1)}`],
  ["/:all(.*)/:more(.*)/x", (length) => "/a".repeat(length / 2)],
  ["/**/**/**/x", (length) => "/a".repeat(length / 2)],
];

/** Cost of matching one pattern, of finding a path among a thousand, and how attacks scale with the path. */
export async function benchPatterns(): Promise<Bench> {
  const bench = new Bench({ time: 300, warmupTime: 50 });
  const patterns = manyRoutes(1_000);
  const tenfold = new PatternIndex<number>({ pathLength: 0 });
  for (const [order, pattern] of manyRoutes(10_000).entries()) tenfold.add(pattern, order);
  const uncached = new PatternIndex<number>({ pathLength: 0 });
  const cached = new PatternIndex<number>();
  for (const [order, pattern] of patterns.entries()) {
    uncached.add(pattern, order);
    cached.add(pattern, order);
  }
  const hit = "/service41/resource941/1234567";
  const miss = "/service41/resource941x/1234567";

  const user = new Pattern("/users/:id/posts/:post");
  const number = new Pattern("/users/:id([0-9]+)");
  const files = new Pattern("/files/:path*");
  const spanning = new Pattern("/files/:path(.*)/meta");
  bench
    .add("one pattern: static", () => patterns[0]?.match("/service0/resource0"))
    .add("one pattern: two parameters", () => user.match("/users/1234/posts/5678"))
    .add("one pattern: subpattern", () => number.match("/users/1234"))
    .add("one pattern: repeated parameter", () => files.match("/files/2024/05/report.pdf"))
    .add("one pattern: subpattern over segments", () => spanning.match("/files/2024/05/meta"))
    .add("1,000 routes, one by one: hit", () => patterns.find((pattern) => pattern.matches(hit)))
    .add("1,000 routes, index: hit", () => uncached.lookup(hit))
    .add("1,000 routes, index: hit and parameters", () => uncached.lookup(hit)[0]?.params)
    .add("1,000 routes, index: miss", () => uncached.lookup(miss))
    .add("10,000 routes, index: hit", () => tenfold.lookup(hit))
    .add("1,000 routes, cached: hit", () => cached.lookup(hit))
    .add("1,000 routes, cached: miss", () => cached.lookup(miss));
  let fresh = 0;
  bench.add("1,000 routes, cached: always another path", () => {
    fresh += 1;
    return cached.lookup(`/service41/resource941/${fresh}`);
  });
  for (const [text, pathOf] of attacks) {
    const pattern = new Pattern(text);
    for (const length of [1_024, 10_240]) {
      const path = pathOf(length);
      bench.add(`attack ${text}, ${length} characters`, () => pattern.matches(path));
    }
  }
  await bench.run();
  return bench;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const bench = await benchPatterns();
  for (const { name, result } of bench.tasks) {
    if (result.state === "completed") {
      process.stdout.write(`${(result.latency.mean * 1e6).toFixed(0).padStart(10)} ns  ${name}\n`);
    }
  }
}

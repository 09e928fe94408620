import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import fc from "fast-check";
import { Router } from "velaros";
import { json } from "velaros/json";
import { socketPair } from "velaros/testing";
import { expect, test } from "vitest";

/** How many route tables, and how many paths are tried on each. */
const tables = process.env["EURUS_LONG"] === undefined ? 200 : 1_000;
const pathsPerTable = 110;

interface RouteSpec {
  readonly pattern: string;
  readonly isPublic: boolean;
}

interface TableSpec {
  readonly routes: readonly RouteSpec[];
  /** Routes of a router that is mounted between the others. */
  readonly nested: readonly RouteSpec[];
  readonly mount: string;
  readonly rewritesAtEdge: boolean;
}

const segment = fc.constantFrom("a", "b", "admin", "internal", "v1.0", "%2e%2e", "é");
const chunk = fc.oneof(
  { weight: 5, arbitrary: segment },
  {
    weight: 4,
    arbitrary: fc.constantFrom(":id", ":id?", ":rest+", ":all*", "*", "**", ":n([0-9a-z]+)", "(a|b)"),
  },
);
const pattern = fc.array(chunk, { minLength: 1, maxLength: 4 }).map((chunks) => `/${chunks.join("/")}`);
const route: fc.Arbitrary<RouteSpec> = fc.record({ pattern, isPublic: fc.boolean() });
const table: fc.Arbitrary<TableSpec> = fc.record({
  routes: fc.array(route, { minLength: 1, maxLength: 10 }),
  nested: fc.array(route, { maxLength: 4 }),
  mount: fc.constantFrom("/a", "/internal", "/:id"),
  rewritesAtEdge: fc.boolean(),
});

/** Ways to say a path so that two programs may read it differently. */
const disguises: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `/${path}`,
  (path) => path.slice(1),
  (path) => path.replace("/", "/./"),
  (path) => path.replace("/", "/x/../"),
  (path) => path.replaceAll("/", "\\"),
  (path) => path.replace(/(?<=.)\//u, "%2F"),
  (path) => path.replace("a", "%61"),
  (path) => path.replace("a", "%2561"),
  (path) => `${path}\u0000`,
  (path) => `${path};x=1`,
  (path) => `${path}?x=1`,
  (path) => `${path}#x`,
  (path) => path.toUpperCase(),
  (path) => path.replaceAll("/", "／"),
  (path) => path.normalize("NFD"),
  (path) => path.replace("a", "\ud800"),
  (path) => `/rewrite${path}`,
  (path) => `/../..${path}`,
  (path) => `${path}/admin`,
];
const path = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom(...disguises))
  .map(([segments, disguise]) => disguise(`/${segments.join("/")}`));

/** Ways to put a path into a message; the first is the honest one. */
const envelopes: readonly ((id: string, path: string) => string)[] = [
  (id, value) => JSON.stringify({ id, path: value }),
  (id, value) => `{"path":"/a","id":${JSON.stringify(id)},"PATH":${JSON.stringify(value)}}`,
  (id, value) => `{"path":${JSON.stringify(value)},"id":${JSON.stringify(id)},"path":"/a"}`,
  (id, value) => JSON.stringify({ id, path: "/a", meta: { path: value }, data: { path: value } }),
  (id, value) => JSON.stringify({ id, path: value, __proto__: { path: "/a" } }),
];
const attempt = fc.tuple(path, fc.constantFrom(...envelopes));

function bind(router: Router, routes: readonly RouteSpec[], onPrivate: (pattern: string) => void): void {
  for (const { pattern: text, isPublic } of routes) {
    if (isPublic) router.publicBind(text, (ctx) => ctx.reply("public"));
    else router.bind(text, () => onPrivate(text));
  }
}

test("no private handler ever runs for a client, whatever the routes and however it spells the path [claim:33 weakness:W4 fault:R4]", async () => {
  let cases = 0;
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.array(attempt, { minLength: pathsPerTable, maxLength: pathsPerTable }),
      async (spec, attempts) => {
        const ranPrivately: string[] = [];
        const router = new Router({ onError: () => undefined }).use(json());
        const nested = new Router();
        const half = Math.ceil(spec.routes.length / 2);
        bind(router, spec.routes.slice(0, half), (text) => ranPrivately.push(text));
        bind(nested, spec.nested, (text) => ranPrivately.push(text));
        router.use(spec.mount, nested);
        bind(router, spec.routes.slice(half), (text) => ranPrivately.push(text));
        const transport = new LocalTransport();
        await using service = new Service("api", transport, router, { drainTimeoutMs: 0 });
        await using gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
        const edge = new Router({ onError: () => undefined }).use(json());
        if (spec.rewritesAtEdge) {
          edge.use("/rewrite", (ctx) => {
            ctx.setMessagePath(ctx.path.slice("/rewrite".length));
            return ctx.next();
          });
        }
        edge.use(gateway);
        await service.start();
        await gateway.start();

        const text = new TextEncoder();
        const pair = socketPair(edge);
        for (const [index, [value, envelope]] of attempts.entries()) {
          pair.inlet.message({ bytes: text.encode(envelope(`${index}`, value)), type: "text" });
        }
        // What can't be read is answered too, without the id when that can't be read either.
        await expect.poll(() => pair.sent.length, { interval: 1 }).toBe(attempts.length);
        cases += attempts.length;

        expect(ranPrivately).toEqual([]);
        const ids = pair.sent.flatMap(({ payload }) => idOf(payload) ?? []);
        expect(new Set(ids).size).toBe(ids.length);
        expect(pair.closed).toBeUndefined();
      },
    ),
    { numRuns: tables, endOnFailure: true },
  );
  expect(cases).toBeGreaterThanOrEqual(20_000);
}, 600_000);

function idOf(payload: Uint8Array | string): string | undefined {
  const { id }: { id?: string } = JSON.parse(
    typeof payload === "string" ? payload : new TextDecoder().decode(payload),
  );
  return id;
}

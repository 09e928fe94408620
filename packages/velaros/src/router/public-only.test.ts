import fc from "fast-check";
import { expect, test } from "vitest";
import { type Context, Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

/** A table of routes as data, so that the same one can be built with and without its private nodes. */
type Route =
  | {
      readonly kind: "use" | "bind" | "publicBind";
      readonly path: string;
      readonly passes: boolean;
      readonly name: number;
    }
  | { readonly kind: "mount" | "bindMount"; readonly path: string; readonly routes: readonly Route[] };

const chunks = fc.constantFrom("a", "b", ":x", ":y?", "*", "**", ":z+", "(a|b)", ":w(.*)", "b?");
const pattern = fc.array(chunks, { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
const prefix = fc
  .array(fc.constantFrom("a", "b", ":m"), { maxLength: 2 })
  .map((parts) => `/${parts.join("/")}`);
const { routes } = fc.letrec<{ route: Route; routes: readonly Route[] }>((tie) => ({
  routes: fc.array(tie("route"), { maxLength: 5 }),
  route: fc.oneof(
    { depthSize: "small" },
    fc.record({
      kind: fc.constantFrom("use" as const, "bind" as const, "publicBind" as const),
      path: pattern,
      passes: fc.boolean(),
      name: fc.nat(),
    }),
    fc.record({
      kind: fc.constantFrom("mount" as const, "bindMount" as const),
      path: prefix,
      routes: tie("routes"),
    }),
  ),
}));
const paths = fc.oneof(
  fc
    .array(fc.constantFrom("a", "b", "ab", "", ".", "%61"), { maxLength: 5 })
    .map((parts) => parts.map((part) => `/${part}`).join("")),
  fc.constantFrom("", "/", "//", "/a//b"),
);

/** Builds the table; each handler notes how it was bound, its name and its parameters. */
function build(table: readonly Route[], log: string[], withPrivate: boolean): Router {
  const router = new Router({ onError: () => {} });
  for (const route of table) {
    if ("routes" in route) {
      const nested = build(route.routes, log, withPrivate);
      if (route.kind === "mount") router.use(route.path, nested);
      else router.bind(route.path, nested);
      continue;
    }
    const { kind, path, name, passes } = route;
    const handle = (context: Context): unknown => {
      log.push(`${kind} ${name} ${JSON.stringify(context.params)}`);
      return passes ? context.next() : undefined;
    };
    if (kind === "use") router.use(path, handle);
    else if (kind === "publicBind") router.publicBind(path, handle);
    else if (withPrivate) router.bind(path, handle);
  }
  return router;
}

/** What runs when these messages come, one after the other. */
async function trace(
  table: readonly Route[],
  messages: readonly string[],
  { publicOnly, withPrivate }: { readonly publicOnly: boolean; readonly withPrivate: boolean },
): Promise<readonly string[]> {
  const log: string[] = [];
  await using client = connectClient(new Router().use(json()).use(build(table, log, withPrivate)), {
    publicOnly,
  });
  for (const path of messages) {
    log.push(`message ${path}`);
    client.send({ path });
  }
  return log;
}

test("to a message from outside a router is the one without its private nodes [claim:7 claim:33 weakness:W4 fault:R4]", async () => {
  await fc.assert(
    fc.asyncProperty(routes, fc.array(paths, { minLength: 1, maxLength: 6 }), async (table, messages) => {
      const outside = await trace(table, messages, { publicOnly: true, withPrivate: true });

      expect(outside.filter((line) => line.startsWith("bind "))).toEqual([]);
      expect(outside).toEqual(await trace(table, messages, { publicOnly: false, withPrivate: false }));
    }),
    { numRuns: 2_000 },
  );
});

test("every announced pattern of a static table is reachable from outside", async () => {
  const part = fc.constantFrom("a", "b", "c");
  const staticPath = fc.array(part, { maxLength: 2 }).map((parts) => `/${parts.join("/")}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(staticPath, staticPath), { minLength: 1, maxLength: 6 }),
      async (table) => {
        const router = new Router().use(json());
        for (const [mount, path] of table) {
          router.use(
            mount,
            new Router().publicBind(path, (context) => context.reply("here")),
          );
        }
        await using client = connectClient(router, { publicOnly: true });

        for (const { pattern: path } of router.routeDescriptors()) {
          expect(await client.request(path)).toMatchObject({ data: { message: "here" } });
        }
      },
    ),
    { numRuns: 300 },
  );
});

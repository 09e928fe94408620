import { expectTypeOf, test } from "vitest";
import type { RouteInput, RouteOutput } from "velaros-protocol";
import { z } from "zod";
import { type Context, type HandlerFunction, Router } from "../index.ts";
import { json } from "../json.ts";

/** The public routes of a router, as a client would be typed by them. */
type RoutesOf<Of extends { readonly "~routes": object }> = Of["~routes"];

test("parameters are inferred from the path", () => {
  new Router()
    .bind("/users/:id/posts/:post?", (ctx) => {
      expectTypeOf(ctx.params.id).toEqualTypeOf<string>();
      expectTypeOf(ctx.params.post).toEqualTypeOf<string>();
      // @ts-expect-error the path has no such parameter
      void ctx.params.user;
    })
    .use("/rooms/:room/**", (ctx) => {
      expectTypeOf(ctx.params.room).toEqualTypeOf<string>();
      return ctx.next();
    })
    .publicBind(
      "/files/:rest*",
      (ctx) => ctx.next(),
      (ctx) => {
        expectTypeOf(ctx.params.rest).toEqualTypeOf<string>();
      },
    );
});

test("parameters of a path that is not known are found with get", () => {
  new Router().bind("/x" as string, (ctx) => {
    expectTypeOf(ctx.params.get("anything")).toEqualTypeOf<string>();
  });
});

test("parameters are inferred in nested routers too", () => {
  const users = new Router().publicBind("/:id", (ctx) => ({ id: ctx.params.id }));
  const api = new Router().use("/users", users);

  expectTypeOf<RouteOutput<RoutesOf<typeof api>, "/users/:id">>().toEqualTypeOf<{ id: string }>();
});

test("a handler for any route can be bound to each", () => {
  const any = (ctx: Context): Promise<void> => ctx.next();
  const ofRoute: HandlerFunction<"/users/:id"> = (ctx) => ctx.reply(ctx.params.id);

  new Router()
    .use(any)
    .use("/x", any)
    .bind("/users/:id", any, ofRoute)
    .publicBind("/users/:id", ofRoute, any);
  // @ts-expect-error this route lacks the parameter that the handler needs
  new Router().bind("/users", ofRoute);
});

test("data is typed by the schemas of the route", () => {
  new Router().bind(
    "/people",
    { input: z.object({ age: z.coerce.number() }), output: z.string() },
    async (ctx) => {
      expectTypeOf(await ctx.receive()).toEqualTypeOf<{ age: number }>();
      expectTypeOf(ctx.unmarshal()).toEqualTypeOf<{ age: number }>();
      expectTypeOf(await ctx.receive<Date>()).toEqualTypeOf<Date>();
      await ctx.reply("fits");
      // @ts-expect-error the output schema wants text
      await ctx.reply(7);
    },
  );
});

test("what a handler returns is checked against the output schema", () => {
  const schemas = { output: z.object({ n: z.number() }) };
  new Router()
    .bind("/sync", schemas, () => ({ n: 1 }))
    .bind("/async", schemas, async () => ({ n: 1 }))
    .bind("/replies", schemas, (ctx) => ctx.reply({ n: 1 }))
    .bind("/nothing", schemas, () => {})
    // @ts-expect-error the schema wants a number
    .bind("/wrong", schemas, () => ({ n: "1" }));
});

test("without schemas data is unknown until somebody says what it is", () => {
  new Router().bind("/x", async (ctx) => {
    expectTypeOf(await ctx.receive()).toEqualTypeOf<unknown>();
    expectTypeOf(await ctx.receive<{ a: 1 }>()).toEqualTypeOf<{ a: 1 }>();
    expectTypeOf(await ctx.request<number>("?")).toEqualTypeOf<number>();
  });
});

test("the public routes accumulate, with what they take and give", () => {
  const sub = new Router().publicBind("/late", () => true);
  const router = new Router()
    .use(json())
    .publicBind("/schema", { input: z.string(), output: z.coerce.number() }, () => 1)
    .publicBind("/returns", async () => ({ ok: true }))
    .publicBind("/replies", (ctx) => ctx.reply(1))
    .bind("/private", () => 1)
    .use("/api/**", sub)
    .use(new Router().publicBind("/root", () => "text"));
  type Routes = RoutesOf<typeof router>;

  expectTypeOf<keyof Routes>().toEqualTypeOf<"/schema" | "/returns" | "/replies" | "/api/late" | "/root">();
  expectTypeOf<RouteInput<Routes, "/schema">>().toEqualTypeOf<string>();
  expectTypeOf<RouteOutput<Routes, "/schema">>().toEqualTypeOf<number>();
  expectTypeOf<RouteOutput<Routes, "/returns">>().toEqualTypeOf<{ ok: boolean }>();
  expectTypeOf<RouteOutput<Routes, "/replies">>().toEqualTypeOf<unknown>();
  expectTypeOf<RouteOutput<Routes, "/api/late">>().toEqualTypeOf<boolean>();
  expectTypeOf<RouteOutput<Routes, "/root">>().toEqualTypeOf<string>();
});

test("what is stored on the socket can be typed per router", () => {
  new Router<{ username: string; joined: Date }>()
    .useOpen((ctx) => ctx.setOnSocket("joined", new Date()))
    .bind("/x", (ctx) => {
      expectTypeOf(ctx.getFromSocket("username")).toEqualTypeOf<string | undefined>();
      expectTypeOf(ctx.mustGetFromSocket("joined")).toEqualTypeOf<Date>();
      // @ts-expect-error a name is text
      ctx.setOnSocket("username", 7);
      // @ts-expect-error nothing is called so
      ctx.setOnSocket("user", "Ada");
    });
  new Router().bind("/x", (ctx) => {
    ctx.setOnSocket("anything", 7);
    expectTypeOf(ctx.mustGetFromSocket<number>("anything")).toEqualTypeOf<number>();
  });
});

test("a router fits wherever a router is asked for", () => {
  const takes = (_router: Router): void => {};
  takes(new Router());
  takes(new Router().publicBind("/x", () => 1));
  takes(new Router<{ name: string }>().use(json()));
});

test("wrong handlers do not compile", () => {
  const router = new Router();
  // @ts-expect-error an object for open events handles no messages
  router.use({ handleOpen() {} });
  // @ts-expect-error a number is no handler
  router.bind("/x", 7);
  // @ts-expect-error routers are mounted with use
  router.publicBind("/x", { input: "not a schema" }, () => {});
});

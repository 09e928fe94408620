import { expectTypeOf, test } from "vitest";
import type { PathParams, RouteInput, RouteOutput } from "velaros-protocol";
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

test("a router that says where it is mounted knows the parameters of its mounts", () => {
  const posts = new Router({ mountedAt: "/users/:user/posts" })
    .publicBind("/:post", (ctx) => {
      expectTypeOf(ctx.params.user).toEqualTypeOf<string>();
      expectTypeOf(ctx.params.post).toEqualTypeOf<string>();
      // @ts-expect-error neither the mount nor the route has such a parameter
      void ctx.params.id;
      return 1;
    })
    .use("/:post", (ctx) => ctx.reply(ctx.params.user));
  const users = new Router({ mountedAt: "/users/:user" }).use("/posts", posts);
  const api = new Router().use("/users/:user", users);

  expectTypeOf<keyof RoutesOf<typeof api>>().toEqualTypeOf<"/users/:user/posts/:post">();
  // @ts-expect-error it belongs elsewhere
  new Router().use("/people/:user", users);
  // @ts-expect-error it belongs elsewhere
  new Router().use(posts);
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

/** What a client could be: the routes of a router as one function, typed by pattern. */
interface TypedClient<Routes extends object> {
  call<Pattern extends string & keyof Routes>(
    pattern: Pattern,
    input: RouteInput<Routes, NoInfer<Pattern>>,
    ...params: keyof PathParams<NoInfer<Pattern>> extends never ? [] : [PathParams<NoInfer<Pattern>>]
  ): Promise<RouteOutput<Routes, Pattern>>;
}

test("a client's calls can be derived from the type of a router", () => {
  const rooms = new Router().publicBind(
    "/:room/join",
    { input: z.object({ username: z.string() }), output: z.object({ members: z.number() }) },
    () => ({ members: 1 }),
  );
  const router = new Router()
    .use(json())
    .use("/rooms", rooms)
    .publicBind("/time", () => ({ now: "" }));
  const client = {} as TypedClient<RoutesOf<typeof router>>;

  const uses = (): unknown[] => [
    expectTypeOf(client.call("/rooms/:room/join", { username: "Ada" }, { room: "general" })).toEqualTypeOf<
      Promise<{ members: number }>
    >(),
    expectTypeOf(client.call("/time", undefined)).toEqualTypeOf<Promise<{ now: string }>>(),
    // @ts-expect-error no such route
    client.call("/rooms", undefined),
    // @ts-expect-error a name is text
    client.call("/rooms/:room/join", { username: 7 }, { room: "general" }),
    // @ts-expect-error the path needs a room
    client.call("/rooms/:room/join", { username: "Ada" }),
  ];
  expectTypeOf(uses).toBeFunction();
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

test("what lies on a socket has the type that is asked for, else the one that the state names", () => {
  new Router().bind("/", (context) => {
    expectTypeOf(context.mustGetFromSocket<string>("name")).toEqualTypeOf<string>();
    expectTypeOf(context.getFromSocket<number>("age")).toEqualTypeOf<number | undefined>();
    expectTypeOf(context.mustGetFromSocket("name")).toBeUnknown();
  });
  new Router<{ name: string }>().bind("/", (context) => {
    expectTypeOf(context.mustGetFromSocket("name")).toEqualTypeOf<string>();
    expectTypeOf(context.getFromSocket("name")).toEqualTypeOf<string | undefined>();
    // @ts-expect-error no such key
    context.mustGetFromSocket("age");
  });
});

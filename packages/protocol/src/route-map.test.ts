import { expectTypeOf, test } from "vitest";
import type { AddRoute, MountRoutes, NoRoutes, RouteInput, RouteMap, RouteOutput } from "velaros-protocol";

type Users = AddRoute<AddRoute<NoRoutes, "/:id", { name: string }, { id: number }>, "/", unknown, string[]>;

test("accumulates the types of routes under their patterns", () => {
  expectTypeOf<RouteInput<Users, "/:id">>().toEqualTypeOf<{ name: string }>();
  expectTypeOf<RouteOutput<Users, "/:id">>().toEqualTypeOf<{ id: number }>();
  expectTypeOf<RouteOutput<Users, "/">>().toEqualTypeOf<string[]>();
  expectTypeOf<keyof Users>().toEqualTypeOf<"/:id" | "/">();
  expectTypeOf<Users>().toExtend<RouteMap>();
});

test("knows nothing about patterns that are not in the map", () => {
  expectTypeOf<RouteInput<Users, "/other">>().toEqualTypeOf<unknown>();
  expectTypeOf<RouteOutput<NoRoutes, "/">>().toEqualTypeOf<unknown>();
  expectTypeOf<AddRoute<Users, string, 1, 2>>().toEqualTypeOf<Users>();
});

test("puts mounted routes behind the prefix", () => {
  type Mounted = MountRoutes<"/users", Users>;

  expectTypeOf<keyof Mounted>().toEqualTypeOf<"/users/:id" | "/users">();
  expectTypeOf<RouteOutput<Mounted, "/users/:id">>().toEqualTypeOf<{ id: number }>();
});

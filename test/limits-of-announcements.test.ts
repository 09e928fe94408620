import { expect } from "vitest";
import { readGatewayAnnouncement } from "../packages/eurus/src/directory/announcement-codec.ts";
import { gatewayAnnouncements } from "../packages/eurus/src/link/subjects.ts";
import { onEveryBus } from "./support/buses.ts";
import { jsonRouter } from "./support/fleet.ts";

onEveryBus(({ test, newFleet }) => {
  test("gateways and services keep to the limits that they are given", async () => {
    await using fleet = newFleet();
    const announcements = { maxRoutes: 2, maxRouteBytes: 10, maxEntries: 5 };
    const edge = await fleet.edge({ options: { announcements, maxInstances: 2 } });
    const [first, second] = [jsonRouter(), jsonRouter()].map((router, at) =>
      router.publicBind(`/a${at}`, (ctx) => ctx.reply("here")).publicBind(`/b${at}`, () => undefined),
    );
    const third = jsonRouter().publicBind("/third", () => undefined);
    if (first === undefined || second === undefined) throw new Error("no routers");

    // Who knows the limits does not even start; who does not is refused.
    await expect(
      fleet.service(
        "many",
        first.publicBind("/c", () => undefined),
        { announcements },
      ),
    ).rejects.toMatchObject({ cause: { code: "EURUS_ANNOUNCEMENT_INVALID" } });
    await fleet.service("many", first);
    await expect
      .poll(() => edge.events)
      .toContainEqual(
        expect.objectContaining({
          type: "announcement-refused",
          problem: "descriptor.routes must have at most 2 entries",
        }),
      );
    await fleet.service(
      "long",
      jsonRouter().publicBind("/much-too-long", () => undefined),
    );
    await expect
      .poll(() => edge.events)
      .toContainEqual(
        expect.objectContaining({ type: "announcement-refused", problem: expect.stringMatching(/10/) }),
      );
    await fleet.service("second", second);
    await fleet.service("third", third);
    await expect.poll(() => edge.gateway.services().map(({ name }) => name)).toEqual(["second", "third"]);
    await fleet.service(
      "fourth",
      jsonRouter().publicBind("/fourth", () => undefined),
    );
    await expect
      .poll(() => edge.events)
      .toContainEqual(
        expect.objectContaining({
          type: "announcement-refused",
          problem: "there are 2 instances already",
        }),
      );

    const client = await fleet.client(edge);
    expect(await client.ask("/a1")).toMatchObject({ data: { message: "here" } });
    expect(await client.ask("/a0")).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  test("a restart of a service with more routes than an announcement may tell harms no gateway", async () => {
    await using fleet = newFleet();
    const announcements = { maxEntries: 100 };
    const routes = Array.from({ length: 300 }, (_, index) => `/route/${index}`);
    const router = jsonRouter();
    for (const route of routes) router.publicBind(route, (ctx) => ctx.reply("here"));
    const edge = await fleet.edge({ options: { announcements } });
    const told = new Set<string>();
    (await fleet.connect()).subscribe(gatewayAnnouncements(), ({ subject, payload }) => {
      for (const { pattern } of readGatewayAnnouncement(subject, payload).announcement?.claims ?? []) {
        told.add(pattern);
      }
    });
    const { service } = await fleet.service("many", router, { announcements });
    await service.stop();

    // It has forgotten since when it serves its routes, and the gateway reminds it.
    const restarted = await fleet.service("many", router, { announcements });

    await expect.poll(() => told.size, { timeout: 10_000 }).toBe(routes.length);
    const client = await fleet.client(edge);
    expect(await client.ask("/route/299")).toMatchObject({ data: { message: "here" } });
    expect(await edge.gateway.pingService(restarted.service.id)).toBe(true);
    await expect(edge.gateway.stop()).resolves.toBeUndefined();
    expect(edge.events.filter(({ type }) => type === "error")).toEqual([]);
  }, 20_000);

  test("larger announcements than usual are taken by who is told to", async () => {
    await using fleet = newFleet();
    const announcements = { maxRoutes: 1_500, maxBytes: 200_000 };
    const edge = await fleet.edge({ options: { announcements } });
    const router = jsonRouter();
    for (let count = 0; count < 1_200; count++) {
      router.publicBind(`/a-route-with-a-longer-name/${count}`, (ctx) => ctx.reply(ctx.path));
    }

    await fleet.service("large", router, { announcements });

    const client = await fleet.client(edge);
    await expect.poll(() => edge.gateway.canServePath("/a-route-with-a-longer-name/1199")).toBe(true);
    expect(await client.ask("/a-route-with-a-longer-name/1199")).toMatchObject({
      data: { message: "/a-route-with-a-longer-name/1199" },
    });
  });
});

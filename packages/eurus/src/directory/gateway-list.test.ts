import { beforeEach, expect, test } from "vitest";
import { gatewayAnnouncement } from "../../../../test/support/announcements.ts";
import { RouteClaims } from "./claims.ts";
import { GatewayList } from "./gateway-list.ts";

let happened: string[] = [];
beforeEach(() => {
  happened = [];
});

function createList(): GatewayList {
  return new GatewayList({ versions: { min: 1, max: 1 } }, (event) => {
    const cause = event.type === "gateway-removed" ? ` ${event.cause}` : "";
    happened.push(`${event.type.replace("gateway-", "")} ${event.gateway.gatewayId}${cause}`);
  });
}

test("gateways of one name are told apart by id, each with a lease of its own [fault:S12]", () => {
  const list = createList();
  list.apply(gatewayAnnouncement("g1"));
  list.apply(gatewayAnnouncement("g2"));
  for (let tick = 0; tick < 47; tick += 1) list.tick();
  list.apply(gatewayAnnouncement("g2", { sequence: 2 }));
  list.tick();

  expect(happened).toEqual(["added g1", "added g2", "heard g2", "removed g1 lease-expired"]);
  expect([...list.gateways()].map(({ gatewayId }) => gatewayId)).toEqual(["g2"]);
});

test("a goodbye ends a gateway at once, and a replay does not bring it back [fault:S12]", () => {
  const list = createList();
  list.apply(gatewayAnnouncement("g1"));
  list.apply(gatewayAnnouncement("g1", { sequence: 2, goodbye: true }));
  list.apply(gatewayAnnouncement("g1", { sequence: 3 }));

  expect(happened).toEqual(["added g1", "removed g1 goodbye"]);
});

test("a gateway that starts anew is another one; old heartbeats of it are ignored", () => {
  const list = createList();
  list.apply(gatewayAnnouncement("g1", { sequence: 9 }));
  list.apply(gatewayAnnouncement("g1", { epoch: "e2" }));
  list.apply(gatewayAnnouncement("g1", { sequence: 10 }));
  list.apply(gatewayAnnouncement("g1", { gateway: "impostor", epoch: "e3" }));

  expect(happened).toEqual(["added g1", "removed g1 new-epoch", "added g1"]);
  expect([...list.gateways()][0]?.epoch).toBe("e2");
});

test("gateways of other versions are not counted, and none is lost while the bus is away", () => {
  const list = createList();
  list.apply(gatewayAnnouncement("g1", { versions: { min: 2, max: 2 } }));
  list.apply(gatewayAnnouncement("g2", { versions: { min: 1, max: 2 } }));
  list.freeze();
  for (let tick = 0; tick < 1_000; tick += 1) list.tick();
  list.thaw();
  list.tick();

  expect(happened).toEqual(["added g2"]);
});

test("an instance inherits the earliest claim that it heard", () => {
  const claims = new RouteClaims(2);

  expect(claims.claim("/a", 500)).toBe(500);
  expect(claims.claim("/a", 900)).toBe(500);
  expect(claims.observe("/a", 100)).toBe(true);
  expect(claims.observe("/a", 300)).toBe(false);
  expect(claims.claim("/a", 900)).toBe(100);
  claims.observe("/b", 1);
  expect(claims.observe("/c", 1)).toBe(false);
});

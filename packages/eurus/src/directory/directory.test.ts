import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { gatewayAnnouncement, instanceAnnouncement } from "../../../../test/support/announcements.ts";
import * as subjects from "../link/subjects.ts";
import { encodeGatewayAnnouncement } from "./announcement-codec.ts";
import type { InstanceAnnouncement } from "./announcement.ts";
import { Directory } from "./directory.ts";
import type { DirectoryEvent } from "./directory-event.ts";
import type { DirectoryOptions } from "./directory-options.ts";

let events: DirectoryEvent[] = [];
beforeEach(() => {
  events = [];
});

function createDirectory(options: Partial<DirectoryOptions> = {}): Directory {
  const complete = { gatewayName: "main", versions: { min: 1, max: 1 }, random: () => 0, ...options };
  return new Directory(complete, (event) => events.push(event));
}

/** What happened since last asked, in one line each. */
function happened(): readonly string[] {
  const lines = events.map((event) => {
    if (event.type === "route-conflict")
      return `conflict ${event.pattern} ${event.owner} < ${event.others.join()}`;
    if (event.type === "announcement-refused") return `refused ${event.instanceId}: ${event.problem}`;
    const what = event.type.replace("instance-", "");
    return event.type === "instance-removed"
      ? `${what} ${event.instance.id} ${event.cause}`
      : `${what} ${event.instance.id}`;
  });
  events = [];
  return lines;
}

function pass(directory: Directory, ms: number): void {
  for (let tick = 0; tick < ms / 250; tick += 1) directory.tick();
}

function next(
  announcement: InstanceAnnouncement,
  more: Partial<InstanceAnnouncement> = {},
): InstanceAnnouncement {
  return { ...announcement, descriptor: undefined, sequence: announcement.sequence + 1, ...more };
}

test("an instance is routable once it announced itself, and its heartbeats keep it so", () => {
  const directory = createDirectory();
  let heartbeat = instanceAnnouncement("i1", ["/chat/:room"]);
  directory.apply(heartbeat);

  expect(directory.resolve("/chat/main")?.service).toBe("chat");
  expect(directory.canServe("/chat/main")).toBe(true);
  expect(directory.resolve("/other")).toBeUndefined();
  for (let second = 0; second < 60; second += 1) {
    pass(directory, 1_000);
    heartbeat = next(heartbeat);
    directory.apply(heartbeat);
  }
  expect(happened()).toEqual(["added i1"]);
});

test("a silent instance is gone when its lease ends, not before", () => {
  const directory = createDirectory();
  directory.apply(instanceAnnouncement("i1", ["/a"]));

  pass(directory, 4_750);
  expect(happened()).toEqual(["added i1"]);
  pass(directory, 250);

  expect(happened()).toEqual(["removed i1 lease-expired"]);
  expect(directory.canServe("/a")).toBe(false);
});

test("nobody is declared dead while the bus is away", () => {
  const directory = createDirectory();
  directory.apply(instanceAnnouncement("i1", ["/a"]));

  directory.freeze();
  pass(directory, 3_600_000);
  directory.thaw();
  pass(directory, 3_000);

  expect(happened()).toEqual(["added i1"]);
});

test("a withdrawn route is told from an unknown one for 10 s, while it can't be served [fault:R6]", () => {
  const directory = createDirectory();
  const first = instanceAnnouncement("i1", ["/a", "/b"]);
  directory.apply(first);
  directory.apply(instanceAnnouncement("i1", ["/a"], { sequence: 2 }));

  expect(happened()).toEqual(["added i1", "changed i1"]);
  expect(directory.canServe("/b")).toBe(false);
  expect(directory.resolve("/b")).toMatchObject({ service: "chat", isWithdrawn: true });
  expect(directory.canServe("/a")).toBe(true);
  pass(directory, 4_000);
  directory.apply(next(instanceAnnouncement("i1", ["/a"], { sequence: 2 })));
  pass(directory, 4_000);
  directory.apply(next(instanceAnnouncement("i1", ["/a"], { sequence: 3 })));
  pass(directory, 1_750);
  expect(directory.resolve("/b")?.isWithdrawn).toBe(true);
  pass(directory, 250);

  expect(directory.resolve("/b")).toBeUndefined();
});

test("a route that somebody serves comes before a withdrawn one, however specific", () => {
  const directory = createDirectory();
  const specific = instanceAnnouncement("i1", ["/a/:id"]);
  directory.apply(specific);
  directory.apply(instanceAnnouncement("i2", ["/**"], { service: "fallback" }));
  expect(directory.resolve("/a/1")?.service).toBe("chat");

  directory.apply(next(specific, { goodbye: true }));

  expect(directory.resolve("/a/1")?.service).toBe("fallback");
});

test("after its goodbye an instance is gone at once, and late or replayed announcements of it change nothing [fault:S12]", () => {
  const directory = createDirectory();
  const alive = instanceAnnouncement("i1", ["/a"]);
  directory.apply(alive);

  directory.apply(next(alive, { goodbye: true }));
  directory.apply(alive);
  directory.apply({ ...alive, sequence: 99 });

  expect(happened()).toEqual(["added i1", "removed i1 goodbye"]);
  directory.apply({ ...alive, epoch: "e2" });
  expect(happened()).toEqual(["added i1"]);
});

test("a new epoch replaces the old one, whose announcements are then worth nothing [fault:S4 fault:S12]", () => {
  const directory = createDirectory();
  const old = instanceAnnouncement("i1", ["/old"], { sequence: 50 });
  directory.apply(old);

  directory.apply(instanceAnnouncement("i1", ["/new"], { epoch: "e2" }));
  directory.apply(next(old));
  pass(directory, 1_000);
  directory.apply(next(old, { sequence: 80 }));

  expect(happened()).toEqual(["added i1", "removed i1 new-epoch", "added i1"]);
  expect(directory.canServe("/new")).toBe(true);
  expect(directory.canServe("/old")).toBe(false);
});

test("a late copy of a heartbeat does not undo a newer one", () => {
  const directory = createDirectory();
  const early = instanceAnnouncement("i1", ["/a"]);
  directory.apply(early);
  directory.apply(next(early, { draining: true }));

  directory.apply(early);

  expect(directory.instance("i1")?.isDraining).toBe(true);
  expect(happened()).toEqual(["added i1", "draining i1"]);
});

test("instances for other gateways are left out, also when they change their mind [weakness:W34]", () => {
  const directory = createDirectory();
  directory.apply(instanceAnnouncement("i1", ["/a"], { gatewayNames: ["other"] }));
  expect(happened()).toEqual([]);
  expect(directory.canServe("/a")).toBe(false);

  directory.apply(instanceAnnouncement("i1", ["/a"], { gatewayNames: ["other", "main"], sequence: 2 }));
  expect(happened()).toEqual(["added i1"]);
  directory.apply(instanceAnnouncement("i1", ["/a"], { gatewayNames: ["other"], sequence: 3 }));

  expect(happened()).toEqual(["removed i1 not-for-us"]);
  expect(directory.canServe("/a")).toBe(false);
});

test("an instance without a known descriptor is asked for it, one that is not for us only once", () => {
  const directory = createDirectory();
  const known = instanceAnnouncement("i1", ["/a"]);
  directory.apply(next(known));
  expect(directory.questions.take().wanted).toEqual(["i1"]);
  expect(directory.questions.take().wanted).toEqual([]);
  directory.apply({ ...known, sequence: 3 });
  expect(directory.canServe("/a")).toBe(true);

  directory.apply({ ...next(known, { sequence: 4 }), descriptorHash: "changed" });
  expect(directory.questions.take().wanted).toEqual(["i1"]);

  const foreign = instanceAnnouncement("i2", ["/a"], { gatewayNames: ["other"] });
  directory.apply(foreign);
  directory.apply(next(foreign));
  expect(directory.questions.take().wanted).toEqual([]);
});

test("an instance of another wire version is reported once and not routed to", () => {
  const directory = createDirectory();
  const future = instanceAnnouncement("i1", ["/a"], { versions: { min: 2, max: 3 } });
  directory.apply(future);
  directory.apply(next(future));

  expect(happened()).toEqual(["refused i1: it speaks versions 2 to 3, this gateway 1 to 1"]);
  expect(directory.canServe("/a")).toBe(false);
});

test("nobody takes over an instance by announcing its id under another service [fault:S4]", () => {
  const directory = createDirectory();
  directory.apply(instanceAnnouncement("i1", ["/a"]));
  directory.apply(instanceAnnouncement("i1", ["/b"], { service: "evil", epoch: "e2" }));

  expect(happened()).toEqual(["added i1", 'refused i1: the id belongs to an instance of the service "chat"']);
  expect(directory.canServe("/b")).toBe(false);
});

test("only instances that serve the route are candidates, without draining and suspect ones [weakness:W16 fault:R5]", () => {
  const directory = createDirectory();
  directory.apply(instanceAnnouncement("old", ["/a"]));
  directory.apply(instanceAnnouncement("new", ["/a", "/b"]));
  const ids = (path: string): readonly string[] | undefined =>
    directory
      .resolve(path)
      ?.candidates()
      .map(({ id }) => id);

  expect(ids("/a")).toEqual(["old", "new"]);
  expect(ids("/b")).toEqual(["new"]);
  directory.suspect("old");
  expect(ids("/a")).toEqual(["new"]);
  directory.restore("old");
  directory.apply(next(instanceAnnouncement("new", ["/a", "/b"]), { draining: true }));
  expect(ids("/a")).toEqual(["old"]);
  expect(ids("/b")).toEqual([]);
  expect(directory.canServe("/b")).toBe(true);
  expect(happened()).toEqual(["added old", "added new", "suspect old", "restored old", "draining new"]);
});

test("a removed instance stays out for 10 s, or until it starts anew", () => {
  const directory = createDirectory();
  let heartbeat = instanceAnnouncement("i1", ["/a"]);
  directory.apply(heartbeat);
  expect(directory.remove("i1").map(({ id }) => id)).toEqual(["i1"]);

  for (let second = 1; second <= 9; second += 1) {
    pass(directory, 1_000);
    directory.apply((heartbeat = { ...heartbeat, sequence: heartbeat.sequence + 1 }));
  }
  expect(happened()).toEqual(["added i1", "removed i1 removed"]);
  pass(directory, 1_000);
  directory.apply({ ...heartbeat, sequence: heartbeat.sequence + 1 });
  expect(happened()).toEqual(["added i1"]);

  directory.remove("chat");
  directory.apply({ ...heartbeat, epoch: "e2" });
  expect(happened()).toEqual(["removed i1 removed", "added i1"]);
});

test("an instance that was lost comes back with its next announcement", () => {
  const directory = createDirectory();
  const announcement = instanceAnnouncement("i1", ["/a"]);
  directory.apply(announcement);
  directory.lose("i1");
  directory.apply({ ...announcement, sequence: 2 });

  expect(happened()).toEqual(["added i1", "removed i1 unreachable", "added i1"]);
});

test("of services with the same route the owner wins, then the older claim, then the name [weakness:W15]", () => {
  const claim = (claimedAt: number): { pattern: string; claimedAt: number } => ({
    pattern: "/a/:x",
    claimedAt,
  });
  const winner = (
    owners: Readonly<Record<string, string>>,
    ages: Readonly<Record<string, number>>,
  ): string => {
    const directory = createDirectory({ owners });
    for (const [service, claimedAt] of Object.entries(ages)) {
      directory.apply(instanceAnnouncement(`${service}-1`, [claim(claimedAt)], { service }));
    }
    return directory.resolve("/a/1")?.service ?? "";
  };

  expect(winner({ "/a/:x": "young" }, { old: 1, young: 2 })).toBe("young");
  expect(winner({}, { young: 2, old: 1 })).toBe("old");
  expect(winner({}, { b: 1, a: 1 })).toBe("a");
});

test("a conflict is told when it arises or its owner changes, and again when it comes back", () => {
  const directory = createDirectory();
  const first = instanceAnnouncement("a1", [{ pattern: "/x/:id", claimedAt: 5 }], { service: "a" });
  const second = instanceAnnouncement("b1", [{ pattern: "/x/:name", claimedAt: 9 }], { service: "b" });
  directory.apply(first);
  directory.apply(second);
  directory.apply(next(second));
  expect(happened()).toEqual(["added a1", "conflict /x/:id a < b", "added b1"]);

  directory.apply(instanceAnnouncement("b2", [{ pattern: "/x/:name", claimedAt: 1 }], { service: "b" }));
  expect(happened()).toEqual(["conflict /x/:name b < a", "added b2"]);
  directory.apply(next(first, { goodbye: true }));
  directory.apply({ ...first, epoch: "e2" });

  expect(happened()).toEqual(["removed a1 goodbye", "conflict /x/:name b < a", "added a1"]);
});

test("a rolling deploy does not flip a claim: the earliest one stays with the route and is passed on", () => {
  const directory = createDirectory();
  const old = instanceAnnouncement("a1", [{ pattern: "/x", claimedAt: 100 }], { service: "a" });
  directory.apply(old);
  directory.apply(instanceAnnouncement("b1", [{ pattern: "/x", claimedAt: 200 }], { service: "b" }));
  directory.apply(instanceAnnouncement("a2", [{ pattern: "/x", claimedAt: 300 }], { service: "a" }));
  directory.apply(next(old, { goodbye: true }));

  expect(directory.resolve("/x")?.service).toBe("a");
  expect(directory.questions.take().claims).toEqual([{ service: "a", pattern: "/x", claimedAt: 100 }]);
  expect(directory.questions.take().claims).toEqual([]);
});

test("what there is to ask and to tell is spread over announcements that can be read [weakness:W15]", () => {
  const directory = createDirectory();
  const routes = (claimedAt: number): { pattern: string; claimedAt: number }[] =>
    Array.from({ length: 1_000 }, (_, index) => ({
      pattern: `/${"é".repeat(200)}/${index}`,
      claimedAt,
    }));
  directory.apply(instanceAnnouncement("old", routes(1)));
  directory.apply(instanceAnnouncement("new", routes(2)));
  for (let index = 0; index < 1_000; index += 1) {
    const id = `${index}-`.padEnd(64, "x");
    directory.apply({ ...instanceAnnouncement(id, []), descriptor: undefined });
  }

  const asked = new Set<string>();
  const told = new Set<string>();
  for (let announcements = 0; !directory.questions.isEmpty; announcements += 1) {
    expect(announcements).toBeLessThan(100);
    const announcement = gatewayAnnouncement("g1", directory.questions.take());
    encodeGatewayAnnouncement(subjects.gatewayAnnouncement("main", "g1"), announcement);
    for (const id of announcement.wanted) asked.add(id);
    for (const { pattern } of announcement.claims) told.add(pattern);
  }

  expect(asked.size).toBe(1_000);
  expect(told.size).toBe(1_000);
});

test("among equally specific routes a pin decides first, then whether anybody stays", () => {
  const directory = createDirectory();
  const draining = { service: "a", draining: true };
  directory.apply(instanceAnnouncement("a1", [{ pattern: "/x", claimedAt: 1 }], draining));
  directory.apply(instanceAnnouncement("b1", [{ pattern: "/x", claimedAt: 2 }], { service: "b" }));

  expect(directory.resolve("/x")?.service).toBe("b");
  expect(directory.resolve("/x", { isPinnedTo: (service) => service === "a" })?.service).toBe("a");
});

test("every gateway routes alike, in whatever order announcements arrive [fault:R1]", () => {
  const patterns = ["/a/b", "/a/:x", "/a/:y", "/a/*", "/a/**", "/**", "/a/:x?", "/a/([a-z]+)", "/:p/b"];
  const announcements = ["s1", "s2", "s3"].flatMap((service, place) =>
    ["1", "2"].map((instance) =>
      instanceAnnouncement(
        `${service}-${instance}`,
        patterns
          .filter((_, index) => (index + place) % 3 !== 0)
          .map((pattern, index) => ({ pattern, claimedAt: (index * 7 + place * 5) % 4 })),
        { service },
      ),
    ),
  );
  const paths = ["/a/b", "/a/c", "/a/1", "/a", "/c/b", "/c", "/a/b/c"];
  const routes = (order: readonly InstanceAnnouncement[]): unknown => {
    const directory = createDirectory();
    for (const announcement of order) directory.apply(announcement);
    return paths.map((path) => [path, directory.resolve(path)?.service, directory.resolve(path)?.text]);
  };
  const expected = routes(announcements);

  fc.assert(
    fc.property(fc.shuffledSubarray(announcements, { minLength: announcements.length }), (order) => {
      expect(routes(order)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("whatever instances do, the routes are those of the instances that are there", () => {
  const patterns = ["/a", "/a/:x", "/:x", "/**", "/b/*"];
  const step = fc.record({
    id: fc.constantFrom("i1", "i2", "i3", "i4"),
    routes: fc.subarray(patterns),
    what: fc.constantFrom("announce", "announce", "goodbye", "remove", "lose", "tick", "restart"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const directory = createDirectory({ withdrawnMs: 1_000, removedMs: 1_000 });
      let sequence = 0;
      const epochs = new Map<string, number>();
      for (const { id, routes, what } of steps) {
        sequence += 1;
        if (what === "tick") pass(directory, 2_000);
        if (what === "remove") directory.remove(id);
        if (what === "lose") directory.lose(id);
        if (what === "restart" || what === "goodbye")
          epochs.set(id, (epochs.get(id) ?? 0) + Number(what === "restart"));
        if (what === "tick" || what === "remove" || what === "lose") continue;
        const service = id < "i3" ? "low" : "high";
        const epoch = `e${epochs.get(id) ?? 0}`;
        directory.apply(
          instanceAnnouncement(id, routes, { service, epoch, sequence, goodbye: what === "goodbye" }),
        );
      }
      const served = new Set(
        [...directory.instances()].flatMap(({ descriptor }) => descriptor.routes.map((r) => r.pattern)),
      );
      for (const [path, ...matching] of [
        ["/a", "/a", "/:x", "/**"],
        ["/a/1", "/a/:x", "/**"],
        ["/b/1", "/b/*", "/**"],
      ]) {
        const route = directory.resolve(path ?? "");
        const expected = matching.find((pattern) => served.has(pattern));
        if (expected === undefined) expect(route?.isWithdrawn ?? true).toBe(true);
        else expect(route).toMatchObject({ text: expected, isWithdrawn: false });
        for (const instance of route?.instances ?? []) expect(directory.instance(instance.id)).toBe(instance);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("announcements are copied: what one directory counts, another does not see [weakness:W14]", () => {
  const announcement = instanceAnnouncement("i1", ["/a"]);
  const [one, other] = [createDirectory(), createDirectory()];
  one.apply(announcement);
  other.apply(announcement);
  const [mine, theirs] = [one.instance("i1"), other.instance("i1")];
  if (mine === undefined || theirs === undefined) throw new Error("both know it");

  one.balancer("chat")?.opened(mine.load);
  one.suspect("i1");

  expect(one.balancer("chat")?.estimate(mine.load)).toBe(1);
  expect(other.balancer("chat")?.estimate(theirs.load)).toBe(0);
  expect(theirs.isSuspect).toBe(false);
});

test("200 instances with 50 routes each are found by path, and so is who serves it", () => {
  const directory = createDirectory();
  for (let instance = 0; instance < 200; instance += 1) {
    const service = `s${instance % 40}`;
    const routes = Array.from({ length: 50 }, (_, route) => `/${service}/r${route}/:id`);
    directory.apply(instanceAnnouncement(`i${instance}`, routes, { service }));
  }

  const route = directory.resolve("/s17/r42/7");

  expect(route?.service).toBe("s17");
  expect(route?.candidates()).toHaveLength(5);
  expect(route === undefined ? undefined : directory.choose(route)?.service).toBe("s17");
  expect(route === undefined ? undefined : directory.choose(route, ["i17", "i57", "i97", "i137"])?.id).toBe(
    "i177",
  );
});

test("what is kept about strangers and withdrawn routes is bounded", () => {
  const directory = createDirectory({ maxInstances: 100 });
  for (let instance = 0; instance < 1_000; instance += 1) {
    directory.apply(instanceAnnouncement(`i${instance}`, [`/r${instance}`]));
  }

  expect([...directory.instances()]).toHaveLength(100);
  expect(happened().filter((line) => line.startsWith("refused"))).toHaveLength(900);
  pass(directory, 20_000);
  expect([...directory.instances()]).toHaveLength(0);
  expect(directory.resolve("/r1")).toBeUndefined();
});

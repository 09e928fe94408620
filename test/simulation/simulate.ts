import { createHash } from "node:crypto";

import { checkHistory } from "../history/check-history.ts";
import { calmDown, drawScenario, servicePlans, unleash } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import type { WorldFault } from "./world.ts";
import { World } from "./world.ts";

/** What came of one seed. */
export interface Simulation {
  readonly seed: number;
  readonly scenario: Scenario;
  /** Every broken promise; none for a correct product. */
  readonly faults: readonly WorldFault[];
  /** Of everything that was observed: the same seed has the same. */
  readonly hash: string;
  readonly messages: number;
  /** How often clients saw each error code. */
  readonly codes: ReadonlyMap<string, number>;
  readonly virtualMs: number;
  readonly trace: readonly string[];
}

/** Members of the fleet find each other. */
const startMs = 1_000;
/** Longer than any lease, with the grace after an outage. */
const settleMs = 17_000;
/** 5 s until the gateway gives up, which it looks for once a second, and the way to the client. */
const takenWithinMs = 6_500;
/** An instance's lease and a tick of its loop. */
const fencedAfterMs = 5_300;
const serveMs = 2_000;
const leaveMs = 4_000;
const stopMs = 8_000;

/** Runs a whole fleet through whatever this seed has in store, and judges what it did. */
export async function simulate(
  seed: number,
  options: { readonly trace?: boolean } = {},
): Promise<Simulation> {
  const world = new World(seed, options);
  const scenario = drawScenario(world.random.fork("scenario"));
  world.log(`seed ${seed}: ${JSON.stringify(scenario)}`);
  for (let count = 0; count < scenario.gateways; count++) world.addGateway();
  for (const { plan, instances } of scenario.services) {
    for (let count = 0; count < instances; count++) world.addService(plan);
  }
  await world.time.run(startMs);
  for (let count = 0; count < scenario.clients; count++) world.addClient();

  unleash(world, scenario);
  await world.time.run(scenario.loadMs);
  calmDown(world);
  await world.time.run(settleMs);
  await checkService(world);
  checkPins(world);
  if (scenario.weather === "outages" || scenario.weather === "calm") checkNothingLost(world);
  checkPromptness(world);
  checkSelfFencing(world);
  const endedAtMs = world.time.nowMs;
  await world.time.run(1);
  await checkNothingLeft(world);

  const { events } = world.history;
  world.addFaults(checkHistory(events, { outcomeWithinMs: Number.POSITIVE_INFINITY, endedAtMs }));
  return {
    seed,
    scenario,
    faults: world.faults,
    hash: createHash("sha256").update(JSON.stringify(events)).digest("hex"),
    messages: events.filter(({ type }) => type === "sent").length,
    codes: world.codes,
    virtualMs: world.time.nowMs,
    trace: world.trace ?? [],
  };
}

/** Everybody is connected and gets an answer of every service at the first attempt. */
async function checkService(world: World): Promise<void> {
  const asked: string[] = [];
  for (const { name, connection } of world.clients) {
    if (connection === undefined) world.fault("not-served", `${name} is not connected`);
    for (const { name: service } of servicePlans) {
      const token = connection?.ask(service, "echo");
      if (token !== undefined) asked.push(token);
    }
  }
  await world.time.run(serveMs);
  const answered = new Set<string>();
  for (const event of world.history.events) if (event.type === "replied") answered.add(event.message);
  for (const token of asked) {
    if (!answered.has(token)) world.fault("not-served", `${token} of ${world.ownerOf(token)} got no reply`);
  }
  for (const gateway of world.gateways) {
    if (gateway.state !== "running") continue;
    const known = gateway.gateway.services().map(({ id, suspect }) => (suspect ? `${id} (suspect)` : id));
    const running = world.services
      .filter(({ state }) => state === "running")
      .map(({ service }) => service.id);
    if (known.toSorted().join() === running.toSorted().join()) continue;
    world.fault("not-served", `${gateway.name} knows ${known.join()} instead of ${running.join()}`);
  }
}

/** Gateways and instances agree on who is pinned where. */
function checkPins(world: World): void {
  const pinned = new Set<string>();
  for (const { state, gateway } of world.gateways) {
    if (state === "killed") continue;
    for (const { id, pins } of gateway.sockets()) {
      for (const { instanceId } of pins)
        pinned.add(`${world.socketName(id)} at ${nameOf(world, instanceId)}`);
    }
  }
  const opened = new Set<string>();
  for (const service of world.services) {
    for (const { socketId } of service.openSessions) {
      const pin = `${world.socketName(socketId)} at ${service.name}`;
      if (opened.has(pin)) world.fault("inconsistent-pins", `${pin} is open twice`);
      opened.add(pin);
    }
  }
  for (const pin of pinned) {
    if (!opened.has(pin)) world.fault("inconsistent-pins", `${pin} is known to its gateway only`);
  }
  for (const pin of opened) {
    if (!pinned.has(pin)) world.fault("inconsistent-pins", `${pin} is known to the instance only`);
  }
}

function nameOf(world: World, instanceId: string): string {
  return world.services.find(({ service }) => service.id === instanceId)?.name ?? instanceId;
}

/**
 * What no handler got in time has an outcome soon: the gateway does not wait longer for an instance to take it. Of
 * what a handler got only the handler and the link decide.
 */
function checkPromptness(world: World): void {
  const handledAtMs = new Map<string, number>();
  const outcomeAtMs = new Map<string, number>();
  const endedAtMs = new Map<string, number>();
  for (const event of world.history.events) {
    if (event.type === "handled") handledAtMs.set(event.message, event.atMs);
    else if (event.type === "failed" || event.type === "replied") outcomeAtMs.set(event.message, event.atMs);
    else if (event.type === "disconnected") endedAtMs.set(event.socket, event.atMs);
  }
  for (const event of world.history.events) {
    if (event.type !== "sent" || !event.wantsOutcome || world.hampered.has(event.socket)) continue;
    const arrivedAtMs = world.arrivals.get(event.message) ?? Number.POSITIVE_INFINITY;
    const handledMs = handledAtMs.get(event.message) ?? Number.POSITIVE_INFINITY;
    const outcomeMs = outcomeAtMs.get(event.message) ?? endedAtMs.get(event.socket) ?? world.time.nowMs;
    const lateMs = Math.round(Math.min(handledMs, outcomeMs) - arrivedAtMs);
    if (lateMs <= takenWithinMs) continue;
    world.fault(
      "late-outcome",
      `${event.message} was not handled, and its client not told, for ${lateMs} ms`,
    );
  }
}

/** Whoever stood still for longer than its lease does nothing more for the clients that it had before. */
function checkSelfFencing(world: World): void {
  const openedAtMs = new Map<string, number>();
  for (const event of world.history.events) {
    if (event.type === "opened") openedAtMs.set(event.session, event.atMs);
    if (event.type !== "handled") continue;
    const openedMs = openedAtMs.get(event.session) ?? 0;
    const isForgotten = world.standstills.some(
      ({ who, fromMs, toMs }) =>
        who === event.instance && toMs - fromMs > fencedAfterMs && openedMs <= fromMs && event.atMs >= toMs,
    );
    if (isForgotten) {
      world.fault("resurrection", `${event.message} was handled in ${event.session} after a long standstill`);
    }
  }
}

/** An outage that is the same for everybody closes no connection and ends no session that had begun before. */
function checkNothingLost(world: World): void {
  const accepted = new Set<string>();
  for (const event of world.history.events) {
    if (event.type === "opened" && !world.unaccepted.has(`${event.socket} ${event.service}`)) {
      accepted.add(event.session);
    } else if (event.type === "closed" && accepted.has(event.session)) {
      world.fault("lost-pin", `the session ${event.session} ended`);
    } else if (event.type === "disconnected") {
      world.fault("lost-pin", `${event.socket} was closed with ${event.status}`);
    }
  }
}

/** When everybody has left nothing remains: no session, no subscription, no timer. */
async function checkNothingLeft(world: World): Promise<void> {
  for (const client of world.clients) {
    client.isStaying = false;
    client.connection?.leave();
  }
  await world.time.run(leaveMs);
  for (const service of world.services) {
    for (const { name } of service.openSessions) world.fault("leak", `the session ${name} is still open`);
  }
  for (const { name, state, gateway } of world.gateways) {
    if (state === "killed") continue;
    const count = gateway.sockets().length;
    if (count > 0) world.fault("leak", `${name} still knows ${count} clients`);
  }
  const members = [...world.services, ...world.gateways];
  for (const member of members) world.stop(member);
  await world.time.run(stopMs);
  for (const { name, state, endpoint } of members) {
    if (state === "killed") continue;
    if (state !== "stopped") world.fault("leak", `${name} is still ${state}`);
    if (endpoint.subscriptions > 0)
      world.fault("leak", `${name} has ${endpoint.subscriptions} subscriptions left`);
  }
  const timers = world.time.pendingTimers;
  if (timers > 0) world.fault("leak", `${timers} timers are left`);
}

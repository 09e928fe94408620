import { setTimeout as delay } from "node:timers/promises";
import type { FleetProcess, Processes } from "./processes.ts";
import { paint, say, step, table } from "./terminal.ts";
import { Visitor } from "./visitor.ts";

const visitorsPerGateway = 6;
/** Gateways hear once a second how many clients each instance has by now, those of other gateways among them. */
const hearsayMs = 1_500;

/** Starts the fleet and plays the scenes; ends early, by rejecting, when the signal aborts. */
export async function show(processes: Processes, signal: AbortSignal): Promise<void> {
  say(paint("bold", "Eurus, scaled out: one nats-server, two gateways, three instances, six processes."));
  const nats = await processes.startNats();
  const [gateways, instances] = await Promise.all([
    Promise.all(["gateway-1", "gateway-2"].map((name) => processes.startGateway(name, nats.url))),
    Promise.all(["rooms-1", "rooms-2", "rooms-3"].map((name) => processes.startInstance(name, nats.url))),
  ]);
  signal.throwIfAborted();
  say("");
  table(
    [nats, ...gateways, ...instances].map(({ name, pid, url }) => [
      `${paint("green", "✓")} ${name}`,
      paint("dim", `process ${pid}`),
      url,
    ]),
  );

  await step(
    "Twelve clients connect, half at each gateway. Each is pinned to the instance with the fewest.",
    signal,
  );
  const visitors = gateways.flatMap(({ name, url }) =>
    Array.from({ length: visitorsPerGateway }, () => new Visitor(name, url)),
  );
  for (const gateway of gateways) {
    for (const visitor of visitors) if (visitor.gateway === gateway.name) await visitor.arrive();
    await delay(hearsayMs, undefined, { signal });
  }
  await showPins(visitors);

  await step(
    "Every client sends ten more messages. Its instance counts them, so they must all go there.",
    signal,
  );
  await stayAtHome(visitors);

  const [, second, third] = instances;
  if (second !== undefined) await kill(second, visitors, signal);
  if (third !== undefined) await drain(third, visitors, signal);

  await step("Another instance starts. Nobody is moved to it, but new clients go there.", signal);
  await processes.startInstance("rooms-4", nats.url);
  const late = gateways.map(({ name, url }) => new Visitor(name, url));
  for (const visitor of late) await visitor.arrive();
  await showPins([...visitors, ...late]);

  for (const visitor of [...visitors, ...late]) visitor.leave();
}

async function stayAtHome(visitors: readonly Visitor[]): Promise<void> {
  const homes = await Promise.all(visitors.map(async (visitor) => (await visitor.visit())?.data?.instance));
  let answers = 0;
  let strays = 0;
  for (let round = 1; round < 10; round++) {
    for (const [index, visitor] of visitors.entries()) {
      const { data } = (await visitor.visit()) ?? {};
      answers++;
      // Three visits came before: the one that pinned it, the one for the table, the one for its home.
      if (data?.instance !== homes[index] || data?.visits !== round + 3) strays++;
    }
  }
  say(`  ${answers + visitors.length} answers, ${strays} from anywhere else than before.`);
}

async function kill(victim: FleetProcess, visitors: readonly Visitor[], signal: AbortSignal): Promise<void> {
  await step(`${victim.name} is killed (kill -9) while all clients go on sending.`, signal);
  const closes = collectCloses(visitors);
  const startedAt = performance.now();
  const killed = victim.kill();
  await keepVisiting(visitors, () => closes.length > 0);
  const tookMs = Math.round(performance.now() - startedAt);
  await killed;
  await settle(visitors);
  tellCloses(closes, visitors.length);
  say(
    `  ${paint("dim", `The first of them knew ${tookMs} ms after the kill. Its state is gone, and that is not kept from it.`)}`,
  );
  await comeBack(visitors);
}

async function drain(
  leaving: FleetProcess,
  visitors: readonly Visitor[],
  signal: AbortSignal,
): Promise<void> {
  await step(
    `${leaving.name} is drained: it takes nobody new, finishes what it has begun, and leaves.`,
    signal,
  );
  const closes = collectCloses(visitors);
  await leaving.stop();
  await settle(visitors);
  tellCloses(closes, visitors.length);
  await comeBack(visitors);
}

/** The closes of these clients from now on, as they come. */
function collectCloses(visitors: readonly Visitor[]): readonly string[] {
  const closes: string[] = [];
  for (const visitor of visitors) void visitor.closed().then((close) => closes.push(close));
  return closes;
}

async function keepVisiting(visitors: readonly Visitor[], isOver: () => boolean): Promise<void> {
  while (!isOver()) await Promise.all(visitors.map((visitor) => visitor.visit()));
}

/** One more round: after it, whoever had to hear of a loss has heard of it. */
async function settle(visitors: readonly Visitor[]): Promise<void> {
  await Promise.all(visitors.map((visitor) => visitor.visit()));
}

function tellCloses(closes: readonly string[], count: number): void {
  const kinds = [...new Set(closes)].join(", ");
  say(
    `  ${closes.length} clients were closed with ${paint("yellow", kinds)}; the other ${count - closes.length} noticed nothing.`,
  );
}

async function comeBack(visitors: readonly Visitor[]): Promise<void> {
  for (const visitor of visitors) if (visitor.isClosed) await visitor.arrive();
  say("  They connected again:");
  await showPins(visitors);
}

/** Who is pinned where, as the instances themselves answer. */
async function showPins(visitors: readonly Visitor[]): Promise<void> {
  const gateways = [...new Set(visitors.map(({ gateway }) => gateway))];
  const counts = new Map<string, Map<string, number>>();
  for (const visitor of visitors) {
    const answer = await visitor.visit();
    const instance = answer?.data?.instance ?? `(${answer?.error?.code ?? "closed"})`;
    const row = counts.get(instance) ?? new Map<string, number>();
    counts.set(instance, row.set(visitor.gateway, (row.get(visitor.gateway) ?? 0) + 1));
  }
  const rows = [...counts].toSorted(([one], [other]) => one.localeCompare(other));
  table([
    ["", ...gateways.map((gateway) => paint("dim", gateway)), ""],
    ...rows.map(([instance, row]) => [
      paint("cyan", instance),
      ...gateways.map((gateway) => "●".repeat(row.get(gateway) ?? 0)),
      String([...row.values()].reduce((sum, count) => sum + count, 0)),
    ]),
  ]);
}

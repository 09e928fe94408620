import { BigFleet } from "./big-fleet.ts";
import type { DiscoveryCost, FleetSize } from "./big-fleet.ts";
import type { FleetGateway } from "./fleet-gateway.ts";
import type { FleetInstance } from "./fleet-instance.ts";
import { startRunningShare } from "./meter.ts";

export interface FleetScenario extends FleetSize {
  readonly clients: number;
  readonly seed?: number;
  /** Told what is done, for those who wait. */
  readonly onProgress?: (text: string) => void;
}

/** What one process had to do while everybody started. */
export interface StartCost {
  readonly heardMessages: number;
  readonly heardBytes: number;
  readonly cpuMs: number;
}

/** Largest distance of an instance from the even share of its service, in parts of it. */
export interface Balance {
  readonly median: number;
  readonly worst: number;
}

/** What a fleet showed; times are the fleet's own, CPU is real. */
export interface FleetFindings {
  readonly start: {
    /** From the start of the last process until every gateway knew every instance. */
    readonly convergedMs: number;
    readonly gateway: StartCost;
    readonly instance: StartCost;
    readonly busBytes: number;
  };
  readonly arrived: { readonly clients: number; readonly balance: Balance; readonly microsPerChoice: number };
  /** With every client pinned, and a hundredth of them leaving and coming each second. */
  readonly steady: DiscoveryCost;
  readonly added: {
    readonly knownMs: number;
    /** Until it had 97 % of an even share, by new clients alone. */
    readonly filledMs: number;
    /** The most it ever had, in even shares. */
    readonly most: number;
  };
  readonly drained: { readonly heardMs: number; readonly opensAfterwards: number };
  readonly killed: {
    readonly clients: number;
    readonly goneMs: number;
    readonly backMs: number;
    readonly balance: Balance;
  };
  readonly gatewayLost: {
    readonly clients: number;
    readonly backMs: number;
    /** While instances still count the clients of the lost gateway. */
    readonly balanceBefore: Balance;
    readonly ghostsGoneMs: number;
    readonly balance: Balance;
  };
  /** Clients that found no instance and had to come back. */
  readonly unserved: number;
}

const startWithinMs = 1_000;
const arrivalSeconds = 20;
const churn = 0.01;

/** Lets a fleet start, fill and lose members. */
export async function runFleetScenario(scenario: FleetScenario): Promise<FleetFindings> {
  const { clients, services, instancesPerService, seed = 1, onProgress = () => {} } = scenario;
  const fleet = new BigFleet(scenario, seed);

  const runningShare = startRunningShare();
  const convergedMs = await fleet.start(startWithinMs);
  const start = { convergedMs, ...startCosts(fleet, runningShare()) };
  onProgress("started");

  await fleet.time.run(2_000);
  const arrivingShare = startRunningShare();
  fleet.arrive(clients, clients / arrivalSeconds);
  await fleet.until(() => fleet.clients >= clients);
  await fleet.time.run(1_500);
  const choosing = arrivingShare() * fleet.gateways.reduce((sum, { choosingMs }) => sum + choosingMs, 0);
  const choices = fleet.gateways.reduce((sum, gateway) => sum + gateway.choices, 0);
  const arrived = {
    clients: fleet.clients,
    balance: fleet.balance(),
    microsPerChoice: (choosing / choices) * 1_000,
  };
  onProgress(`${arrived.clients.toLocaleString("en")} clients have arrived`);

  fleet.churnPerSecond = clients * churn;
  // Lists of links take turns that are longer than this in the largest fleets; the average is what counts.
  const steady = await fleet.discoveryCost(Math.max(3, Math.ceil((services * instancesPerService) / 32)));
  onProgress("measured what heartbeats cost");

  const added = await addInstance(fleet, clients / services / (instancesPerService + 1));
  onProgress("an instance was added");
  const drained = await drainInstance(fleet, anyOf(fleet, "service-1"));
  const killed = await killInstance(fleet, anyOf(fleet, "service-2"), clients);
  onProgress("one was drained, one killed");
  const gatewayLost = await loseGateway(fleet, fleet.gateways[0], clients);
  onProgress("a gateway was lost");
  return {
    start,
    arrived,
    steady,
    added,
    drained,
    killed,
    gatewayLost,
    unserved: fleet.unserved,
  };
}

function startCosts(fleet: BigFleet, runningShare: number): Omit<FleetFindings["start"], "convergedMs"> {
  const instances = [...fleet.instances.values()];
  const average = (members: readonly (FleetGateway | FleetInstance)[]): StartCost => {
    const each = (pick: (meter: FleetGateway["meter"]) => number): number =>
      members.reduce((sum, { meter }) => sum + pick(meter), 0) / members.length;
    return {
      heardMessages: each((meter) => meter.heardMessages),
      heardBytes: each((meter) => meter.heardBytes),
      cpuMs: each((meter) => meter.cpuMs) * runningShare,
    };
  };
  const [gateway, instance] = [average(fleet.gateways), average(instances)];
  const busBytes = gateway.heardBytes * fleet.gateways.length + instance.heardBytes * instances.length;
  return { gateway, instance, busBytes };
}

async function addInstance(fleet: BigFleet, even: number): Promise<FleetFindings["added"]> {
  const instance = fleet.addInstance("service-0");
  const knownMs = await fleet.until(() => fleet.gateways.every((gateway) => gateway.knows(instance.id)));
  const filledMs = await fleet.until(() => instance.pins >= 0.97 * even);
  await fleet.time.run(3_000);
  return { knownMs, filledMs, most: instance.mostPins / even };
}

async function drainInstance(fleet: BigFleet, instance: FleetInstance): Promise<FleetFindings["drained"]> {
  instance.drain();
  const heardMs = await fleet.until(() => fleet.gateways.every((gateway) => gateway.avoids(instance.id)));
  // What was chosen before that is still under way for a moment.
  await fleet.time.run(10);
  const before = instance.opens;
  await fleet.time.run(3_000);
  return { heardMs, opensAfterwards: instance.opens - before };
}

async function killInstance(
  fleet: BigFleet,
  instance: FleetInstance,
  clients: number,
): Promise<FleetFindings["killed"]> {
  const { pins } = instance;
  instance.kill();
  const goneMs = await fleet.until(() => fleet.gateways.every((gateway) => !gateway.knows(instance.id)));
  const backMs = goneMs + (await fleet.until(() => isComplete(fleet, clients)));
  await fleet.time.run(1_500);
  return { clients: pins, goneMs, backMs, balance: fleet.balance(isServing) };
}

async function loseGateway(
  fleet: BigFleet,
  gateway: FleetGateway | undefined,
  clients: number,
): Promise<FleetFindings["gatewayLost"]> {
  if (gateway === undefined) throw new Error("There is no gateway to lose");
  const lost = gateway.clients.length;
  const ghosts = (): number => [...fleet.instances.values()].filter((one) => one.counts(gateway.id)).length;
  fleet.loseGateway(gateway);
  const backMs = await fleet.until(() => isComplete(fleet, clients));
  const balanceBefore = fleet.balance(isServing);
  const ghostsGoneMs = backMs + (await fleet.until(() => ghosts() === 0));
  await fleet.time.run(1_500);
  return { clients: lost, backMs, balanceBefore, ghostsGoneMs, balance: fleet.balance(isServing) };
}

/** With churn a few clients are always on their way. */
function isComplete(fleet: BigFleet, clients: number): boolean {
  return fleet.clients >= clients * 0.9998;
}

function isServing({ isDead, isDraining }: FleetInstance): boolean {
  return !isDead && !isDraining;
}

function anyOf(fleet: BigFleet, service: string): FleetInstance {
  const instance = [...fleet.instances.values()].find((one) => one.service === service && !one.isDead);
  if (instance === undefined) throw new Error(`No instance of ${service} is alive`);
  return instance;
}

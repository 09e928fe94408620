// The arithmetic of docs/fleet.md: what a fleet needs, from what single messages, sockets and heartbeats were measured to cost.

/** What a fleet is to carry, and with how many processes. */
export interface FleetPlan {
  readonly connections: number;
  /** Messages of clients that are answered, over all of them. */
  readonly messagesPerSecond: number;
  /** Size of a message, and of its answer. */
  readonly messageBytes: number;
  readonly gateways: number;
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
  /** Services that a client uses. */
  readonly pins: number;
}

/** CPU of one kind of process per message and answer, in µs, in three situations that were measured. */
export interface MessageCost {
  /** It is the only one anywhere: every process has to be woken up for it. */
  readonly alone: number;
  /** 100 clients with one message each: one write per client, packets are shared. */
  readonly onePerClient: number;
  /** 100 clients with 16 messages each: writes and packets are shared. */
  readonly manyPerClient: number;
}

export interface UnitCosts {
  readonly gateway: MessageCost;
  readonly instance: MessageCost;
  readonly nats: MessageCost;
  /** What both ends pay for a packet of its own instead of a place in another one, in µs. */
  readonly packetMicros: number;
  /** The same for the bus. */
  readonly natsPacketMicros: number;
  readonly gatewayKibPerConnection: number;
  readonly gatewayKibPerPin: number;
  readonly instanceKibPerPin: number;
  /** CPU to take in one announcement, in µs. */
  readonly gatewayMicrosPerAnnouncement: number;
  readonly instanceMicrosPerAnnouncement: number;
  /** New clients that one gateway takes in. */
  readonly connectsPerSecond: number;
}

/** Messages that shared a turn of the event loop, and with it a packet, when {@link MessageCost} was measured. */
const sharedTurn = { onePerClient: 40, manyPerClient: 400 } as const;
const manyMessages = 16;
/** How long a process that is not busy gathers messages before it handles them together. */
const turnSeconds = 0.000_25;

/** Subject, reply subject and header of a packet, with its frame's header. */
const packetOverheadBytes = 300;
/** What announcements are without their lists, and one entry of those. */
const gatewayAnnouncementBytes = 170;
const instanceAnnouncementBytes = 230;
const listEntryBytes = 37;
const averageEntries = 32;
/** Lists that make an announcement larger than 64 KiB are left out. */
const maxListEntries = Math.floor((65_536 - instanceAnnouncementBytes) / listEntryBytes);
/** What nats-server takes to hand one message to one subscriber, and for every KiB of it. */
const natsDelivery = { micros: 0.7, microsPerKib: 1.3 } as const;
const baseMib = 75;
const subscriptionsPerProcess = 4;

const limits = {
  connectionsPerGateway: 16_000,
  cores: 0.7,
  natsCores: 8,
  busBytesPerSecond: 0.7 * 1.25e9,
  processMib: 1_400,
  entries: maxListEntries,
  backSeconds: 10,
} as const;

/** What one message costs when `perTurn` of them share a turn and `perWrite` of them a write to a client. */
export function microsPerMessage(cost: MessageCost, perTurn: number, perWrite: number): number {
  const { each, write, turn } = partsOf(cost);
  return each + write / perWrite + turn / perTurn;
}

/** The three parts of a cost: of each message, of a write to a client, and of a turn with its wake-ups. */
export function partsOf({ alone, onePerClient, manyPerClient }: MessageCost): {
  readonly each: number;
  readonly write: number;
  readonly turn: number;
} {
  const few = 1 / sharedTurn.onePerClient;
  const many = 1 / sharedTurn.manyPerClient;
  const turn = (alone - onePerClient) / (1 - few);
  const write = (onePerClient - manyPerClient - turn * (few - many)) / (1 - 1 / manyMessages);
  return { each: manyPerClient - write / manyMessages - turn * many, write, turn };
}

/** Something that a fleet needs, beside how much of it there is. */
export interface Need {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  /** What to do when it is not enough. */
  readonly remedy: string;
}

export interface FleetNeeds {
  /** Messages that share a packet. */
  readonly batch: number;
  readonly gatewayMicros: number;
  readonly instanceMicros: number;
  readonly natsMicros: number;
  readonly discovery: Discovery;
  readonly packetsPerSecond: number;
  readonly busBytesPerSecond: number;
  readonly subscriptions: number;
  /** What is used most, compared with its limit, comes first. */
  readonly needs: readonly Need[];
}

/** What heartbeats cost once a second; sizes without the subject. */
export interface Discovery {
  readonly gatewayBytes: number;
  readonly instanceBytes: number;
  readonly heardByGateway: number;
  readonly heardByInstance: number;
  readonly busMessagesPerSecond: number;
  readonly busBytesPerSecond: number;
}

export function fleetNeeds(plan: FleetPlan, costs: UnitCosts): FleetNeeds {
  const { connections, gateways, messagesPerSecond, messageBytes, pins } = plan;
  const instances = plan.services * plan.instances;
  const perTurn = (sources: number): number => 1 + (messagesPerSecond / sources) * turnSeconds;
  const batch = perTurn(gateways * instances);
  const perWrite = perTurn(connections);
  const ofProcess = (cost: MessageCost, processes: number, packetMicros: number): number => {
    const together = perTurn(processes);
    return microsPerMessage(cost, together, perWrite) + packetMicros * (1 / batch - 1 / together);
  };
  const gatewayMicros = ofProcess(costs.gateway, gateways, costs.packetMicros / 2);
  const instanceMicros = ofProcess(costs.instance, instances, costs.packetMicros / 2);
  // The server is awake for everybody as soon as it is for anybody.
  const natsMicros = ofProcess(costs.nats, 1, costs.natsPacketMicros);

  const discovery = discoveryOf(plan);
  const packetsPerSecond = (2 * messagesPerSecond) / batch;
  const carriedBytes = 2 * messagesPerSecond * messageBytes + packetsPerSecond * packetOverheadBytes;
  const busBytesPerSecond = carriedBytes + discovery.busBytesPerSecond;
  const perGateway = connections / gateways;
  const perInstance = (connections * pins) / instances;
  const natsDiscoveryMicros =
    discovery.busMessagesPerSecond * natsDelivery.micros +
    (discovery.busBytesPerSecond / 1_024) * natsDelivery.microsPerKib;

  const needs: Need[] = [
    {
      what: "connections of a gateway",
      value: perGateway,
      unit: "",
      limit: limits.connectionsPerGateway,
      remedy: "more gateways, or workers; or raise maxConnections and the limit of descriptors",
    },
    {
      what: "CPU of a gateway",
      value:
        ((messagesPerSecond / gateways) * gatewayMicros +
          discovery.heardByGateway * costs.gatewayMicrosPerAnnouncement) /
        1e6,
      unit: "cores",
      limit: limits.cores,
      remedy: "more gateways",
    },
    {
      what: "CPU of an instance, without its handlers",
      value:
        ((messagesPerSecond / instances) * instanceMicros +
          discovery.heardByInstance * costs.instanceMicrosPerAnnouncement) /
        1e6,
      unit: "cores",
      limit: limits.cores,
      remedy: "more instances",
    },
    {
      what: "CPU of NATS",
      value: (messagesPerSecond * natsMicros + natsDiscoveryMicros) / 1e6,
      unit: "cores",
      limit: limits.natsCores,
      remedy: "a cluster of NATS servers, or cells with a bus of their own",
    },
    {
      what: "what the bus hands out",
      value: busBytesPerSecond / 1e6,
      unit: "MB/s",
      limit: limits.busBytesPerSecond / 1e6,
      remedy: "a cluster of NATS servers, or cells with a bus of their own",
    },
    {
      what: "memory of a gateway",
      value: baseMib + (perGateway * (costs.gatewayKibPerConnection + pins * costs.gatewayKibPerPin)) / 1_024,
      unit: "MiB",
      limit: limits.processMib,
      remedy: "more gateways",
    },
    {
      what: "memory of an instance, without its own state",
      value: baseMib + (perInstance * costs.instanceKibPerPin) / 1_024,
      unit: "MiB",
      limit: limits.processMib,
      remedy: "more instances",
    },
    {
      what: "instances that a heartbeat can list",
      value: instances,
      unit: "",
      limit: limits.entries,
      remedy: "cells: instances that serve only some gateways do not help, a bus of their own does",
    },
    {
      what: "time to take in the clients of a lost gateway",
      value: gateways > 1 ? perGateway / (gateways - 1) / costs.connectsPerSecond : Number.POSITIVE_INFINITY,
      unit: "s",
      limit: limits.backSeconds,
      remedy: "more gateways with fewer clients each",
    },
    {
      what: "time to take in everybody at once",
      value: perGateway / costs.connectsPerSecond,
      unit: "s",
      limit: limits.backSeconds,
      remedy: "more gateways; clients that come back over a longer time",
    },
  ];
  return {
    batch,
    gatewayMicros,
    instanceMicros,
    natsMicros,
    discovery,
    packetsPerSecond,
    busBytesPerSecond,
    subscriptions: subscriptionsPerProcess * (gateways + instances),
    needs: needs.toSorted((left, right) => right.value / right.limit - left.value / left.limit),
  };
}

function discoveryOf({ gateways, services, instances: siblings }: FleetPlan): Discovery {
  const instances = services * siblings;
  const gatewayBytes = gatewayAnnouncementBytes + entriesOf(instances) * listEntryBytes;
  const instanceBytes = instanceAnnouncementBytes + entriesOf(gateways) * listEntryBytes;
  // Everybody also hears itself, which shows it that the bus carries.
  const heardByGateway = instances + 1;
  const heardByInstance = gateways + siblings;
  return {
    gatewayBytes,
    instanceBytes,
    heardByGateway,
    heardByInstance,
    busMessagesPerSecond: gateways * heardByGateway + instances * heardByInstance,
    busBytesPerSecond:
      gateways * (instances * instanceBytes + gatewayBytes) +
      instances * (gateways * gatewayBytes + siblings * instanceBytes),
  };
}

/** How many entries a heartbeat lists on average. */
function entriesOf(peers: number): number {
  if (peers > maxListEntries) return 0;
  return peers <= averageEntries ? peers : peers / Math.ceil(peers / averageEntries);
}

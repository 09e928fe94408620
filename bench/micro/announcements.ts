import { Bench } from "tinybench";
import {
  encodeGatewayAnnouncement,
  encodeInstanceAnnouncement,
  readGatewayAnnouncement,
  readInstanceAnnouncement,
} from "../../packages/eurus/src/directory/announcement-codec.ts";
import type { InstanceAnnouncement } from "../../packages/eurus/src/directory/announcement.ts";
import { hashDescriptor } from "../../packages/eurus/src/directory/announcement.ts";
import { Directory } from "../../packages/eurus/src/directory/directory.ts";
import * as subjects from "../../packages/eurus/src/link/subjects.ts";

const versions = { min: 1, max: 1 } as const;

/** What a heartbeat costs whoever hears it: the lists of links that some of them carry are most of it. */
export async function benchAnnouncements(): Promise<Bench> {
  const bench = new Bench({ time: 500, warmupTime: 200 });
  for (const gateways of [0, 100]) {
    const hear = hearsInstances(gateways);
    bench.add(`a gateway hears an instance that lists ${gateways || "no"} gateways`, hear);
  }
  for (const instances of [0, 500]) {
    const subject = subjects.gatewayAnnouncement("main", idOf("gateway", 0));
    const payload = encodeGatewayAnnouncement(subject, {
      gateway: "main",
      gatewayId: idOf("gateway", 0),
      epoch: "epoch",
      sequence: 1,
      versions,
      goodbye: false,
      links: linksTo("instance", instances),
      wanted: [],
      claims: [],
    });
    bench.add(`an instance hears a gateway that lists ${instances || "no"} instances`, () => {
      readGatewayAnnouncement(subject, payload);
    });
  }
  await bench.run();
  return bench;
}

/** Of 500 instances, each in turn. */
function hearsInstances(gateways: number): () => void {
  const directory = new Directory({ gatewayName: "main", versions, random: Math.random }, () => {});
  const packets = Array.from({ length: 500 }, (_, index) => {
    const announcement = announcementOf(index, gateways);
    directory.apply(announcement);
    const subject = subjects.serviceAnnouncement(announcement.service, announcement.instanceId);
    const payload = encodeInstanceAnnouncement(subject, { ...announcement, descriptor: undefined });
    return { subject, payload };
  });
  let sequence = 1;
  return () => {
    const packet = packets[++sequence % packets.length];
    if (packet === undefined) return;
    const { announcement } = readInstanceAnnouncement(packet.subject, packet.payload);
    if (announcement !== undefined) directory.apply({ ...announcement, sequence });
  };
}

function announcementOf(index: number, gateways: number): InstanceAnnouncement {
  const service = `service-${index % 50}`;
  const routes = Array.from({ length: 20 }, (_, route) => ({
    pattern: `/${service}/items-${route}/:id`,
    claimedAt: 1,
  }));
  const descriptor = { gatewayNames: [], routes, onInstanceLost: "close" } as const;
  return {
    service,
    instanceId: idOf("instance", index),
    epoch: "epoch",
    sequence: 1,
    versions,
    descriptorHash: hashDescriptor(descriptor),
    descriptor,
    draining: false,
    goodbye: false,
    pins: 2_000,
    opens: 4_000,
    lagMs: 0,
    links: linksTo("gateway", gateways),
  };
}

function linksTo(kind: string, count: number): ReadonlyMap<string, number> | undefined {
  if (count === 0) return undefined;
  return new Map(Array.from({ length: count }, (_, index) => [idOf(kind, index), index + 1]));
}

function idOf(kind: string, index: number): string {
  return `${kind}${index}`.padEnd(32, "x");
}

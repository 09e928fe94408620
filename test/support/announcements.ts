import {
  hashDescriptor,
  type GatewayAnnouncement,
  type InstanceAnnouncement,
  type InstanceDescriptor,
} from "../../packages/eurus/src/directory/announcement.ts";

/** A heartbeat for tests: what is not given is as plain as possible, and the descriptor goes with it. */
export function instanceAnnouncement(
  instanceId: string,
  routes: readonly (string | InstanceDescriptor["routes"][number])[],
  more: Partial<InstanceAnnouncement & InstanceDescriptor> = {},
): InstanceAnnouncement {
  const { gatewayNames = [], onInstanceLost = "close", ...rest } = more;
  const descriptor: InstanceDescriptor = {
    gatewayNames,
    onInstanceLost,
    routes: routes.map((route) => (typeof route === "string" ? { pattern: route, claimedAt: 1_000 } : route)),
  };
  return {
    service: "chat",
    instanceId,
    epoch: "e1",
    sequence: 1,
    versions: { min: 1, max: 1 },
    descriptorHash: hashDescriptor(descriptor),
    descriptor,
    draining: false,
    goodbye: false,
    pins: 0,
    opens: 0,
    lagMs: 0,
    links: new Map(),
    ...rest,
  };
}

/** A gateway's heartbeat for tests. */
export function gatewayAnnouncement(
  gatewayId: string,
  more: Partial<GatewayAnnouncement> = {},
): GatewayAnnouncement {
  return {
    gateway: "main",
    gatewayId,
    epoch: "e1",
    sequence: 1,
    versions: { min: 1, max: 1 },
    goodbye: false,
    links: new Map(),
    wanted: [],
    claims: [],
    ...more,
  };
}

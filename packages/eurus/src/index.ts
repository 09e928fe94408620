// The two ends.
export { Gateway } from "./gateway/gateway.ts";
export type { AnnouncementOptions } from "./directory/announcement-limits.ts";
export type { GatewayOptions } from "./gateway/gateway-options.ts";
export type { ConnectedSocket, KnownInstance } from "./gateway/known.ts";
export { Service } from "./service/service.ts";
export type { ServiceOptions } from "./service/service-options.ts";

// What they tell.
export type {
  EurusEvent,
  GatewayEvent,
  InstanceName,
  InstanceRemovedCause,
  ServiceEvent,
  UnpinnedCause,
} from "./events.ts";
export type { LinkLostCause } from "./link/link.ts";

// The bus between them.
export type { Packet, Transport, TransportStatus, Unsubscribe } from "./transport/transport.ts";

// Errors.
export { EurusError } from "./errors.ts";
export type { EurusErrorCode, EurusErrorDetails } from "./errors.ts";

import type { EventSource } from "../event-source.ts";
import type { GatewayEvent } from "../events.ts";
import type { EdgeSockets } from "./edge-sockets.ts";
import type { Fleet } from "./fleet.ts";
import type { GatewaySettings } from "./gateway-options.ts";

/** What the parts of one running gateway share. */
export interface GatewayParts {
  readonly options: GatewaySettings;
  readonly events: EventSource<GatewayEvent>;
  readonly sockets: EdgeSockets;
  readonly fleet: Fleet;
}

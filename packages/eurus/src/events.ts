import type { CloseSource, WireErrorCode } from "velaros-protocol";
import type { RefusedFrame } from "./link/frame.ts";
import type { LinkLostCause } from "./link/link.ts";

/** One instance of a service, as events name it. */
export interface InstanceName {
  readonly service: string;
  readonly instanceId: string;
}

/** Why an instance left the directory of a gateway. */
export type InstanceRemovedCause =
  /** It said goodbye. */
  | "goodbye"
  /** Its heartbeats stopped. */
  | "lease-expired"
  /** The same instance started anew. */
  | "new-epoch"
  /** Somebody called `removeService`. */
  | "removed"
  /** It no longer names this gateway. */
  | "not-for-us"
  /** It speaks no version of the protocol that this gateway speaks. */
  | "incompatible"
  /** The bus found nobody at its subject, and it did not answer in time. */
  | "unreachable";

/** Why a socket is no longer pinned to an instance. */
export type UnpinnedCause =
  /** The client's connection ended. */
  | "socket-closed"
  /** The service closed the client. */
  | "service-closed"
  /** The instance refused the pin; nothing was handled. */
  | "refused"
  /** The instance drains and lets the client stay. */
  | "drained"
  /** The link to the instance is lost. */
  | "instance-lost"
  /** The instance did not answer the opening in time. */
  | "open-timeout";

/** What a gateway tells; see {@link Gateway.onEvent}. */
export type GatewayEvent =
  | ({ readonly type: "instance-added"; readonly routes: readonly string[] } & InstanceName)
  | ({ readonly type: "instance-changed"; readonly routes: readonly string[] } & InstanceName)
  | ({ readonly type: "instance-draining" } & InstanceName)
  | ({ readonly type: "instance-removed"; readonly cause: InstanceRemovedCause } & InstanceName)
  /** The bus reported that nobody listens there; no new pins until it answers. */
  | ({ readonly type: "instance-suspect" } & InstanceName)
  | ({ readonly type: "instance-restored" } & InstanceName)
  | ({ readonly type: "link-lost"; readonly cause: LinkLostCause; readonly pins: number } & InstanceName)
  /** Services announce the same pattern; `owner` gets the messages. */
  | {
      readonly type: "route-conflict";
      readonly pattern: string;
      readonly owner: string;
      readonly others: readonly string[];
    }
  | { readonly type: "announcement-refused"; readonly subject: string; readonly problem: string }
  | { readonly type: "socket-opened"; readonly socketId: string }
  | {
      readonly type: "socket-closed";
      readonly socketId: string;
      readonly status: number;
      readonly reason: string;
      readonly source: CloseSource;
    }
  | ({ readonly type: "pinned"; readonly socketId: string } & InstanceName)
  | ({ readonly type: "unpinned"; readonly socketId: string; readonly cause: UnpinnedCause } & InstanceName)
  /** A client message left for an instance. */
  | ({ readonly type: "routed"; readonly socketId: string; readonly path: string | undefined } & InstanceName)
  /** A client message with an id has its outcome, so long after it left; if it left before anybody listened, nothing is told. */
  | ({ readonly type: "settled"; readonly socketId: string; readonly durationMs: number } & InstanceName)
  /** A client message was not handed to a service, or its outcome can't be known. */
  | {
      readonly type: "refused";
      readonly socketId: string;
      readonly path: string | undefined;
      readonly service: string | undefined;
      readonly code: WireErrorCode;
    }
  /** Output of a service was thrown away. */
  | ({
      readonly type: "output-dropped";
      readonly cause: "socket-closed" | "message-settled" | "foreign-pin";
    } & InstanceName)
  /** The bus went away or came back; away it is also when it says nothing, but brings back no announcement of our own. */
  | { readonly type: "bus"; readonly status: "connected" | "disconnected" | "closed" }
  /** Something failed beside any message. What the bus reports, such as a refused permission, is told once a minute. */
  | { readonly type: "error"; readonly error: Error };

/** What a service tells; see {@link Service.onEvent}. */
export type ServiceEvent =
  | { readonly type: "gateway-added"; readonly gateway: string; readonly gatewayId: string }
  | {
      readonly type: "gateway-removed";
      readonly gateway: string;
      readonly gatewayId: string;
      readonly cause: "goodbye" | "lease-expired" | "new-epoch";
    }
  | {
      readonly type: "gateway-link-lost";
      readonly gatewayId: string;
      readonly cause: LinkLostCause;
      readonly pins: number;
    }
  | { readonly type: "announcement-refused"; readonly subject: string; readonly problem: string }
  | { readonly type: "virtual-socket-opened"; readonly socketId: string; readonly gatewayId: string }
  | {
      readonly type: "virtual-socket-closed";
      readonly socketId: string;
      readonly gatewayId: string;
      readonly status: number;
      readonly reason: string;
      readonly source: CloseSource;
    }
  | {
      readonly type: "open-refused";
      readonly socketId: string;
      readonly gatewayId: string;
      readonly code: RefusedFrame["code"];
    }
  /** A client message was handed to the router. */
  | { readonly type: "received"; readonly socketId: string; readonly path: string | undefined }
  /** A client message ended in an error: of its handler, of the client, or because there was too much to do. */
  | {
      readonly type: "failed";
      readonly socketId: string;
      readonly path: string | undefined;
      /** What the client was told, or would have been told with an id; handlers may use codes of their own. */
      readonly code: string;
    }
  | { readonly type: "draining" }
  /** The bus went away or came back; away it is also when it says nothing, but brings back no announcement of our own. */
  | { readonly type: "bus"; readonly status: "connected" | "disconnected" | "closed" }
  /** Something failed beside any message. What the bus reports, such as a refused permission, is told once a minute. */
  | { readonly type: "error"; readonly error: Error };

/** Everything that gateways and services tell: switch over `type`. */
export type EurusEvent = GatewayEvent | ServiceEvent;

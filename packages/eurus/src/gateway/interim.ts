// Stands in for the directory until it is there.
import { Pattern } from "velaros";

export interface ServiceAnnouncement {
  readonly kind: "service";
  readonly service: string;
  readonly instanceId: string;
  readonly epoch: string;
  readonly state: "up" | "draining" | "gone";
  readonly gatewayNames: readonly string[];
  readonly routes: readonly string[];
  readonly onInstanceLost: "close" | "repin";
  readonly pins: number;
  readonly round: number;
}

export interface GatewayAnnouncement {
  readonly kind: "gateway";
  readonly gatewayName: string;
  readonly gatewayId: string;
  readonly epoch: string;
  readonly state: "up" | "gone";
  readonly wants: readonly string[];
  readonly round: number;
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

export function encode(announcement: ServiceAnnouncement | GatewayAnnouncement): Uint8Array {
  return textEncoder.encode(JSON.stringify(announcement));
}

export function decode<Kind extends "service" | "gateway">(
  payload: Uint8Array | object,
  kind: Kind,
): (Kind extends "service" ? ServiceAnnouncement : GatewayAnnouncement) | string {
  try {
    const value = JSON.parse(textDecoder.decode(payload as Uint8Array));
    if (value.kind !== kind) return "wrong kind";
    return value;
  } catch (error) {
    return String(error);
  }
}

export interface Known {
  announcement: ServiceAnnouncement;
  patterns: readonly Pattern[];
  heardMs: number;
  readonly order: number;
  own: number;
  suspect: boolean;
}

export function compile(announcement: ServiceAnnouncement): readonly Pattern[] {
  return announcement.routes.map((route) => new Pattern(route));
}

/** The two ends that a link connects; every part is a single subject token. */
export interface LinkAddress {
  readonly service: string;
  readonly instanceId: string;
  readonly gatewayName: string;
  readonly gatewayId: string;
}

const prefix = "eurus.v1";

/** Where a gateway sends to an instance. The broker proves the gateway's name. */
export function toInstance(address: LinkAddress): string {
  return `${instanceInbox(address)}.${address.gatewayName}.${address.gatewayId}`;
}

/** Where an instance sends to a gateway. The broker proves the service's name. */
export function toGateway(address: LinkAddress): string {
  return `${gatewayInbox(address)}.${address.service}.${address.instanceId}`;
}

/** The part of {@link toInstance} that all gateways share; the instance subscribes below it. */
export function instanceInbox(instance: Pick<LinkAddress, "service" | "instanceId">): string {
  return `${prefix}.svc.${instance.service}.${instance.instanceId}.from`;
}

/** The part of {@link toGateway} that all instances share; the gateway subscribes below it. */
export function gatewayInbox(gateway: Pick<LinkAddress, "gatewayName" | "gatewayId">): string {
  return `${prefix}.gw.${gateway.gatewayName}.${gateway.gatewayId}.from`;
}

/** Below this the bus tells a gateway that an instance was not there. */
export function gatewayUndeliverable(gateway: Pick<LinkAddress, "gatewayName" | "gatewayId">): string {
  return `${prefix}.gw.${gateway.gatewayName}.${gateway.gatewayId}.nr`;
}

/** Below this the bus tells an instance that a gateway was not there. */
export function instanceUndeliverable(instance: Pick<LinkAddress, "service" | "instanceId">): string {
  return `${prefix}.svc.${instance.service}.${instance.instanceId}.nr`;
}

/** What the last tokens of an undeliverable subject say: who was not there for what. */
export interface UndeliverableReport {
  /** Id of the instance (at a gateway) or of the gateway (at an instance). */
  readonly peerId: string;
  readonly linkId: number;
  /** Number of the batch; 0 for what has none. */
  readonly sequence: number;
  /** The batch had been sent before: the report proves nothing about its first copy. */
  readonly again: boolean;
}

/** The tokens behind `gatewayUndeliverable` or `instanceUndeliverable`. */
export function undeliverableTail(peerId: string, linkId: number, sequence: number, again: boolean): string {
  return again ? `${peerId}.${linkId}.${sequence}.again` : `${peerId}.${linkId}.${sequence}`;
}

/** Reads the tokens behind `base`, which has no final dot; undefined when they are not ours. */
export function parseUndeliverable(base: string, subject: string): UndeliverableReport | undefined {
  const [peerId, linkId, sequence, again, ...more] = subject.slice(base.length + 1).split(".");
  if (peerId === undefined || more.length > 0 || (again !== undefined && again !== "again")) return undefined;
  const numbers = { linkId: parseCount(linkId), sequence: parseCount(sequence) };
  if (numbers.linkId === undefined || numbers.sequence === undefined) return undefined;
  return { peerId, linkId: numbers.linkId, sequence: numbers.sequence, again: again !== undefined };
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Where an instance announces itself. */
export function serviceAnnouncement(service: string, instanceId: string): string {
  return `${prefix}.announce.svc.${service}.${instanceId}`;
}

/** Where a gateway announces itself. */
export function gatewayAnnouncement(gatewayName: string, gatewayId: string): string {
  return `${prefix}.announce.gw.${gatewayName}.${gatewayId}`;
}

/** All announcements of instances; of one service when it is named. */
export function serviceAnnouncements(service?: string): string {
  return service === undefined ? `${prefix}.announce.svc.>` : `${prefix}.announce.svc.${service}.*`;
}

/** All announcements of gateways; of one name when it is given. */
export function gatewayAnnouncements(gatewayName?: string): string {
  return gatewayName === undefined ? `${prefix}.announce.gw.>` : `${prefix}.announce.gw.${gatewayName}.*`;
}

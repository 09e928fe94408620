import { Pattern, VelarosError } from "velaros";
import { EurusError } from "../errors.ts";
import {
  hashDescriptor,
  type GatewayAnnouncement,
  type InstanceAnnouncement,
  type InstanceDescriptor,
  type RememberedClaim,
  type RouteClaim,
  type WireVersions,
} from "./announcement.ts";
import type { AnnouncementLimits } from "./announcement-limits.ts";
import { defaultAnnouncementLimits } from "./announcement-limits.ts";
import { FieldReader, Rejection } from "./field-reader.ts";

/** What came of reading an announcement: it, or why it is refused. */
export type Reading<Announcement> =
  | { readonly announcement: Announcement; readonly problem?: undefined }
  | { readonly announcement?: undefined; readonly problem: string };

/**
 * Reads what an instance announced. The input may be anything, and no input throws.
 *
 * @param subject - Where it came from; its last two tokens, which the broker proves, must agree with what it says.
 * @param isKnown - Whether the descriptor of this instance, epoch and hash has been read before; then it is skipped. It
 *   is dear to check, and when many gateways start each asks for it and all hear it.
 */
export function readInstanceAnnouncement(
  subject: string,
  payload: unknown,
  isKnown: (instanceId: string, epoch: string, descriptorHash: string) => boolean = () => false,
  limits: AnnouncementLimits = defaultAnnouncementLimits,
): Reading<InstanceAnnouncement> {
  return reading(() => {
    const fields = new FieldReader(decode(payload, limits), "");
    const service = fields.token("service");
    const instanceId = fields.token("instance");
    const epoch = fields.token("epoch");
    const hash = fields.token("hash");
    const isTold = fields.has("descriptor") && !isKnown(instanceId, epoch, hash);
    const announcement: InstanceAnnouncement = {
      service,
      instanceId,
      epoch,
      sequence: fields.count("sequence"),
      versions: readVersions(fields),
      descriptorHash: hash,
      descriptor: isTold ? readDescriptor(fields, limits) : undefined,
      draining: fields.flag("draining"),
      goodbye: fields.flag("goodbye"),
      pins: fields.count("pins"),
      opens: fields.count("opens"),
      lagMs: fields.count("lagMs"),
      links: readLinks(fields, limits),
    };
    checkSubject(subject, announcement.service, announcement.instanceId);
    const { descriptor } = announcement;
    if (descriptor !== undefined && hashDescriptor(descriptor) !== hash) {
      throw new Rejection("its hash does not belong to its descriptor");
    }
    return announcement;
  });
}

/** Reads what a gateway announced; as {@link readInstanceAnnouncement}. */
export function readGatewayAnnouncement(
  subject: string,
  payload: unknown,
  limits: AnnouncementLimits = defaultAnnouncementLimits,
): Reading<GatewayAnnouncement> {
  return reading(() => {
    const fields = new FieldReader(decode(payload, limits), "");
    const announcement: GatewayAnnouncement = {
      gateway: fields.token("gateway"),
      gatewayId: fields.token("id"),
      epoch: fields.token("epoch"),
      sequence: fields.count("sequence"),
      versions: readVersions(fields),
      goodbye: fields.flag("goodbye"),
      links: readLinks(fields, limits),
      wanted: fields.tokens("wanted", limits.maxEntries),
      claims: fields.list("claims", limits.maxEntries).map((claim) => readRememberedClaim(claim, limits)),
    };
    checkSubject(subject, announcement.gateway, announcement.gatewayId);
    return announcement;
  });
}

/**
 * Encodes what an instance announces. When it hears more gateways than fit, it names none.
 *
 * @throws {@link EurusError} `EURUS_ANNOUNCEMENT_INVALID` when nobody would accept it: too many routes, too large.
 */
export function encodeInstanceAnnouncement(
  subject: string,
  announcement: InstanceAnnouncement,
  limits: AnnouncementLimits = defaultAnnouncementLimits,
): Uint8Array {
  const { service, instanceId, descriptorHash, versions, links, ...rest } = announcement;
  const fields = {
    service,
    instance: instanceId,
    hash: descriptorHash,
    versions: [versions.min, versions.max],
    ...rest,
  };
  return encodeChecked(subject, fields, links, (payload) =>
    readInstanceAnnouncement(subject, payload, () => false, limits),
  );
}

/**
 * Encodes what a gateway announces. When it knows more instances than fit, it names none.
 *
 * @throws {@link EurusError} `EURUS_ANNOUNCEMENT_INVALID` when nobody would accept it.
 */
export function encodeGatewayAnnouncement(
  subject: string,
  announcement: GatewayAnnouncement,
  limits: AnnouncementLimits = defaultAnnouncementLimits,
): Uint8Array {
  const { gatewayId, versions, links, ...rest } = announcement;
  const fields = { id: gatewayId, versions: [versions.min, versions.max], ...rest };
  return encodeChecked(subject, fields, links, (payload) =>
    readGatewayAnnouncement(subject, payload, limits),
  );
}

/** Encodes what the other side will be able to read: with the links, or else without. */
function encodeChecked(
  subject: string,
  fields: object,
  links: ReadonlyMap<string, number> | undefined,
  read: (payload: Uint8Array) => Reading<unknown>,
): Uint8Array {
  if (links !== undefined) {
    const payload = encode({ ...fields, links: Object.fromEntries(links) });
    if (read(payload).problem === undefined) return payload;
  }
  const payload = encode(fields);
  const { problem } = read(payload);
  if (problem !== undefined) throw new EurusError("EURUS_ANNOUNCEMENT_INVALID", { subject, problem });
  return payload;
}

function reading<Announcement>(read: () => Announcement): Reading<Announcement> {
  try {
    return { announcement: read() };
  } catch (error) {
    if (error instanceof Rejection || VelarosError.is(error)) return { problem: error.message };
    // Nothing else is known to be thrown; whatever it is, it came from hostile input and must not spread.
    return { problem: `it can't be read (${String(error)})` };
  }
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode(payload: unknown, { maxBytes }: AnnouncementLimits): unknown {
  if (!(payload instanceof Uint8Array)) throw new Rejection("it is not a packet of bytes");
  if (payload.byteLength > maxBytes) throw new Rejection(`it is larger than ${maxBytes} bytes`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw new Rejection("it is not JSON in UTF-8");
  }
}

function checkSubject(subject: string, name: string, id: string): void {
  if (!subject.endsWith(`.${name}.${id}`)) {
    throw new Rejection(`it says that it is ${name}.${id}, which is not where it comes from`);
  }
}

function readLinks(fields: FieldReader, limits: AnnouncementLimits): ReadonlyMap<string, number> | undefined {
  return fields.has("links") ? fields.counts("links", limits.maxEntries) : undefined;
}

function readVersions(fields: FieldReader): WireVersions {
  const [min, max, ...more] = fields.list("versions", 2);
  if (!isVersion(min) || !isVersion(max) || min > max || more.length > 0) {
    throw new Rejection("its versions must be the lowest and the highest number");
  }
  return { min, max };
}

function isVersion(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 0xffff;
}

function readDescriptor(outer: FieldReader, limits: AnnouncementLimits): InstanceDescriptor {
  const fields = outer.object("descriptor");
  const routes = fields.list("routes", limits.maxRoutes).map((route) => readRoute(route, limits));
  if (new Set(routes.map((route) => route.pattern)).size < routes.length) {
    throw new Rejection("it names a route twice");
  }
  checkPatterns(routes, limits);
  return {
    gatewayNames: fields.tokens("gatewayNames", limits.maxGatewayNames),
    routes,
    onInstanceLost: fields.choice("onInstanceLost", ["close", "repin"]),
  };
}

function readRoute(value: unknown, limits: AnnouncementLimits): RouteClaim {
  const fields = new FieldReader(value, "a route");
  return { pattern: fields.text("pattern", limits.maxRouteBytes), claimedAt: fields.count("claimedAt") };
}

function readRememberedClaim(value: unknown, limits: AnnouncementLimits): RememberedClaim {
  const fields = new FieldReader(value, "a claim");
  return { service: fields.token("service"), ...readRoute(value, limits) };
}

function checkPatterns(routes: readonly RouteClaim[], limits: AnnouncementLimits): void {
  const encoder = new TextEncoder();
  let size = 0;
  for (const { pattern } of routes) {
    if (encoder.encode(pattern).byteLength > limits.maxRouteBytes) {
      throw new Rejection(`the route ${pattern.slice(0, 64)}… is longer than ${limits.maxRouteBytes} bytes`);
    }
    const { chunks } = new Pattern(pattern);
    if (chunks.length > limits.maxRouteSegments) {
      throw new Rejection(`the route ${pattern} has more than ${limits.maxRouteSegments} segments`);
    }
    for (const chunk of chunks) if (chunk.kind !== "static") size += chunk.subpattern?.size ?? 0;
    if (size > limits.maxExpressionSize)
      throw new Rejection("its regular expressions are too large together");
  }
}

import { atLeast, record } from "../option-checks.ts";

/**
 * How large announcements may be, and how many are read. What exceeds one of these is refused as a whole, and told as
 * an `announcement-refused` event. Who announces looks at the same numbers: give all processes of a fleet the same.
 */
export interface AnnouncementOptions {
  /**
   * Encoded size, in bytes; no more than the bus carries.
   *
   * @defaultValue `65_536`
   */
  readonly maxBytes?: number | undefined;
  /**
   * Routes of one instance.
   *
   * @defaultValue `1_000`
   */
  readonly maxRoutes?: number | undefined;
  /**
   * Length of a pattern, in bytes of UTF-8.
   *
   * @defaultValue `512`
   */
  readonly maxRouteBytes?: number | undefined;
  /**
   * Segments of a pattern.
   *
   * @defaultValue `32`
   */
  readonly maxRouteSegments?: number | undefined;
  /**
   * Instructions that all regular expressions in the patterns of one instance compile to.
   *
   * @defaultValue `50_000`
   */
  readonly maxExpressionSize?: number | undefined;
  /**
   * Gateways that one instance names.
   *
   * @defaultValue `256`
   */
  readonly maxGatewayNames?: number | undefined;
  /**
   * Entries of each other list. When a process has more links, it leaves out their list, and with it what that helps
   * to find out early; what a gateway asks and tells, it spreads over several announcements.
   *
   * @defaultValue `4_096`
   */
  readonly maxEntries?: number | undefined;
  /**
   * Announcements of one process that are read in a second; others are dropped unseen. A heartbeat a second, and five
   * more when something changes, are usual.
   *
   * @defaultValue `20`
   */
  readonly maxPerSecond?: number | undefined;
  /**
   * Processes whose announcements are read in a second.
   *
   * @defaultValue `10_000`
   */
  readonly maxAnnouncers?: number | undefined;
}

/** {@link AnnouncementOptions} with every default filled in. */
export type AnnouncementLimits = { readonly [Name in keyof AnnouncementOptions]-?: number };

/** What applies unless an option says otherwise. */
export const defaultAnnouncementLimits: AnnouncementLimits = {
  maxBytes: 65_536,
  maxRoutes: 1_000,
  maxRouteBytes: 512,
  maxRouteSegments: 32,
  maxExpressionSize: 50_000,
  maxGatewayNames: 256,
  maxEntries: 4_096,
  maxPerSecond: 20,
  maxAnnouncers: 10_000,
};

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` for a number that can't work, and for what is no object. */
export function announcementLimits(options: AnnouncementOptions | undefined): AnnouncementLimits {
  const given = record("announcements", options ?? {});
  const limit = (name: keyof AnnouncementOptions): number =>
    atLeast(1, `announcements.${name}`, given[name] ?? defaultAnnouncementLimits[name]);
  return {
    maxBytes: limit("maxBytes"),
    maxRoutes: limit("maxRoutes"),
    maxRouteBytes: limit("maxRouteBytes"),
    maxRouteSegments: limit("maxRouteSegments"),
    maxExpressionSize: limit("maxExpressionSize"),
    maxGatewayNames: limit("maxGatewayNames"),
    maxEntries: limit("maxEntries"),
    maxPerSecond: limit("maxPerSecond"),
    maxAnnouncers: limit("maxAnnouncers"),
  };
}

import type { WireVersions } from "./directory/announcement.ts";
import { wireVersion } from "./link/packet-header.ts";

/** The versions of the protocol between gateways and instances that are spoken here, as announcements tell them. */
export const wireVersions: WireVersions = { min: wireVersion, max: wireVersion };

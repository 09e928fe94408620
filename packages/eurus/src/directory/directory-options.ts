import type { Runtime } from "velaros-protocol";
import type { WireVersions } from "./announcement.ts";
import type { RouteOwners } from "./route-index.ts";

/** What a directory has to know of its gateway, and its bounds. */
export interface DirectoryOptions {
  readonly gatewayName: string;
  readonly versions: WireVersions;
  readonly random: Runtime["random"];
  readonly owners?: RouteOwners | undefined;
  /** @defaultValue `5_000` */
  readonly leaseMs?: number | undefined;
  /** How long a withdrawn route answers that it will be back. @defaultValue `10_000` */
  readonly withdrawnMs?: number | undefined;
  /** How long {@link Directory.remove} keeps an instance out. @defaultValue `10_000` */
  readonly removedMs?: number | undefined;
  /** @defaultValue `10_000` */
  readonly maxInstances?: number | undefined;
  /** Different patterns of all services together. @defaultValue `100_000` */
  readonly maxRoutes?: number | undefined;
}

import type { InstanceRemovedCause } from "../events.ts";
import type { Instance } from "./instance.ts";
import type { RouteConflict } from "./route-index.ts";

/** What a directory tells its owner. It is up to date when told. */
export type DirectoryEvent =
  | { readonly type: "instance-added"; readonly instance: Instance }
  /** Its routes, gateways or policy changed. */
  | { readonly type: "instance-changed"; readonly instance: Instance }
  | { readonly type: "instance-draining"; readonly instance: Instance }
  | { readonly type: "instance-suspect"; readonly instance: Instance }
  | { readonly type: "instance-restored"; readonly instance: Instance }
  | { readonly type: "instance-removed"; readonly instance: Instance; readonly cause: InstanceRemovedCause }
  | ({ readonly type: "route-conflict" } & RouteConflict)
  /** A well-formed announcement that can't be used; told once per instance and epoch. */
  | {
      readonly type: "announcement-refused";
      readonly service: string;
      readonly instanceId: string;
      readonly problem: string;
    };

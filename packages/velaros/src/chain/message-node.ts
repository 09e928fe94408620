import type { Context } from "../context.ts";
import type { Pattern } from "../pattern/pattern.ts";
import type { RouteSchemas } from "../validation.ts";

/** One handler at one place of a chain. The object's identity is the place. */
export interface Step {
  /** As it was given to the router. */
  readonly handler: unknown;
  readonly run: (context: Context) => unknown;
}

/** One registration of message handlers. */
export interface MessageNode {
  /** Counts up in the order of registration. */
  readonly order: number;
  readonly pattern: Pattern;
  /** Takes every message, whatever its path looks like. */
  readonly matchesAll: boolean;
  readonly steps: readonly Step[];
  readonly schemas: RouteSchemas | undefined;
  /** Skipped for messages from outside. */
  readonly internal: boolean;
  /** For nodes that hold nested routers: cuts the mount's part off a path. */
  readonly mount: Mount | undefined;
}

/** The place of nested routers in the paths of their parent. */
export interface Mount {
  /** Prefix of the public routes below; empty at the root. */
  readonly prefix: string;
  /** The rest of `path` behind the mount, beginning with `/`; undefined when `path` lies elsewhere. */
  remainder(path: string): string | undefined;
}

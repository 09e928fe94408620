import type { Codec } from "velaros-protocol";
import { MessageChain } from "../chain/message-chain.ts";
import type { Step } from "../chain/message-node.ts";
import { VelarosError } from "../errors.ts";
import type { RouteDescriptor } from "../handler.ts";
import { Pattern } from "../pattern/pattern.ts";
import type { LifecycleCall } from "../socket/lifecycle.ts";
import type { RouteSchemas } from "../validation.ts";
import { inputStep } from "./input-step.ts";
import { createMount, mountPattern } from "./mount.ts";
import { codecOf, isDoor, lifecycleCall, lifecycleMethod, messageStep } from "./registration.ts";
import type { Door } from "./registration.ts";

/** How a route was bound. */
export type Access = "use" | "bind" | "publicBind";

/** One thing to bind; `table` when it is a router. */
export interface BoundHandler {
  readonly handler: unknown;
  readonly table: RouteTable | undefined;
}

/** What a route is bound with. */
export interface Binding {
  readonly access: Access;
  readonly path: string | undefined;
  readonly schemas: RouteSchemas | undefined;
  readonly entries: readonly BoundHandler[];
}

/** A public route of this router, or a router that may have some, in the order of registration. */
type PublicSource = { readonly text: string } | { readonly prefix: string; readonly table: RouteTable };

/** Everything that was registered on one router. */
export class RouteTable {
  readonly chain: MessageChain = new MessageChain();
  readonly #publicSources: PublicSource[] = [];
  readonly #codecSources: (Codec | RouteTable)[] = [];
  readonly #openSources: (LifecycleCall | RouteTable)[] = [];
  readonly #closeSources: (LifecycleCall | RouteTable)[] = [];
  readonly #doors: (Door | RouteTable)[] = [];

  /**
   * Adds a node to the message chain, and what its handlers have for the other chains. Changes nothing when it throws.
   *
   * @throws {@link VelarosError} `VELAROS_HANDLER_INVALID` or `VELAROS_PATTERN_INVALID`.
   */
  add({ access, path, schemas, entries }: Binding): void {
    const tables = entries.flatMap(({ table }) => table ?? []);
    if (access === "publicBind" && tables.length > 0) {
      throw new VelarosError("VELAROS_HANDLER_INVALID", {
        method: "publicBind",
        expected: "handlers of messages (use() mounts routers: their own public routes stay public)",
        received: "a router",
      });
    }
    if (tables.some((table) => table.holds(this))) {
      throw new VelarosError("VELAROS_HANDLER_INVALID", {
        method: access,
        expected: "routers that this one is not mounted in",
        received: "one that would contain itself",
      });
    }
    const handlers = entries.map(({ handler }) => messageStep(access, handler));
    const isMount = access === "use" || tables.length > 0;
    const mounted = isMount ? mountPattern(path ?? "") : path;
    const text = mounted ?? "/**";
    const pattern = new Pattern(text);
    const mount = tables.length > 0 ? createMount(mounted) : undefined;
    const steps: readonly Step[] =
      schemas?.input === undefined ? handlers : [inputStep(schemas.input), ...handlers];
    // A router decides itself what of it is public; with a private handler beside it the whole node is private.
    const internal = access === "bind" && tables.length < entries.length;

    this.chain.add({
      order: this.chain.nodes.length,
      pattern,
      matchesAll: mounted === undefined,
      steps,
      schemas,
      internal,
      mount,
    });
    if (access === "publicBind") this.#publicSources.push({ text });
    for (const { handler, table } of entries) {
      if (table !== undefined) {
        this.#codecSources.push(table);
        this.#openSources.push(table);
        this.#closeSources.push(table);
        this.#doors.push(table);
        if (!internal) this.#publicSources.push({ prefix: mount?.prefix ?? "", table });
        continue;
      }
      const codec = codecOf(handler);
      if (codec !== undefined) this.#codecSources.push(codec);
      const open = lifecycleMethod(handler, "handleOpen");
      if (open !== undefined) this.#openSources.push(open);
      const close = lifecycleMethod(handler, "handleClose");
      if (close !== undefined) this.#closeSources.push(close);
      if (isDoor(handler)) this.#doors.push(handler);
    }
  }

  /** @throws {@link VelarosError} `VELAROS_HANDLER_INVALID`. */
  addOpen(handlers: readonly unknown[]): void {
    this.#openSources.push(...handlers.map((handler) => lifecycleCall("useOpen", "handleOpen", handler)));
  }

  /** @throws {@link VelarosError} `VELAROS_HANDLER_INVALID`. */
  addClose(handlers: readonly unknown[]): void {
    this.#closeSources.push(...handlers.map((handler) => lifecycleCall("useClose", "handleClose", handler)));
  }

  /** The pattern of the first node that holds this handler, depth first. */
  lookup(handler: unknown, tableOf: (handler: unknown) => RouteTable | undefined): Pattern | undefined {
    for (const node of this.chain.nodes) {
      for (const step of node.steps) {
        if (step.handler === handler) return node.pattern;
        const nested = tableOf(step.handler)?.lookup(handler, tableOf);
        if (nested !== undefined) return nested;
      }
    }
    return undefined;
  }

  /** Whether `table` is this one or mounted in it, however deep. */
  holds(table: RouteTable): boolean {
    if (table === this) return true;
    return this.#codecSources.some((source) => source instanceof RouteTable && source.holds(table));
  }

  /** Patterns of all public routes, as they are now, each once. */
  publicRoutes(): readonly string[] {
    const texts = this.#publicSources.flatMap((source) =>
      "text" in source
        ? [source.text]
        : source.table.publicRoutes().map((text) => joinPaths(source.prefix, text)),
    );
    return [...new Set(texts)];
  }

  routeDescriptors(): readonly RouteDescriptor[] {
    return this.publicRoutes().map((pattern) => ({ pattern }));
  }

  codecs(): readonly Codec[] {
    return this.#codecSources.flatMap((source) =>
      source instanceof RouteTable ? source.codecs() : [source],
    );
  }

  openCalls(): readonly LifecycleCall[] {
    return this.#openSources.flatMap((source) =>
      source instanceof RouteTable ? source.openCalls() : [source],
    );
  }

  /** Whether no handler keeps new clients out. */
  acceptsClients(): boolean {
    return this.#doors.every((door) => door.acceptsClients());
  }

  closeCalls(): readonly LifecycleCall[] {
    return this.#closeSources.flatMap((source) =>
      source instanceof RouteTable ? source.closeCalls() : [source],
    );
  }
}

function joinPaths(prefix: string, path: string): string {
  if (prefix === "") return path;
  return path === "/" ? prefix : prefix + path;
}

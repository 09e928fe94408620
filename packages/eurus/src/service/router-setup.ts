import type { Handler, RouteDescriptor } from "velaros";
import { Pattern, PatternIndex, Router } from "velaros";
import { EurusError } from "../errors.ts";
import type { ServiceOptions } from "./service-options.ts";

/** A handler that can say which of its routes are public, as a router can. */
interface DescribedHandler {
  routeDescriptors(): readonly RouteDescriptor[];
}

/** What is public instead of all that the handler says. */
interface Narrowed {
  readonly routes: readonly RouteDescriptor[];
  readonly patterns: PatternIndex<undefined>;
}

/** The router that a service's virtual sockets live in, and what of it gateways are told. */
export class RouterSetup {
  /** The one that was passed in, else one that holds nothing but the handler. */
  readonly router: Router;
  readonly #handler: Router | Handler;
  #narrowed: Narrowed | undefined;

  constructor(service: string, handler: Router | Handler, options: ServiceOptions) {
    if (!isHandler(handler)) {
      throw new EurusError("EURUS_HANDLER_INVALID", { service, received: describe(handler) });
    }
    this.#handler = handler;
    this.router = isRouter(handler)
      ? handler
      : new Router({ runtime: options.runtime, logger: options.logger }).use(handler);
    this.narrow(options.routeDescriptors);
  }

  /** Public routes, as they are now. */
  routes(): readonly RouteDescriptor[] {
    if (this.#narrowed !== undefined) return this.#narrowed.routes;
    return describesRoutes(this.#handler) ? this.#handler.routeDescriptors() : [];
  }

  /** Limits what is public to these routes, as they are now; undefined lifts the limit. */
  narrow(routes: readonly RouteDescriptor[] | undefined): void {
    this.#narrowed = routes === undefined ? undefined : narrowed(routes);
  }

  /** Whether a gateway may ask for this path. It asks for what was announced; who is connected may know more. */
  allows(path: string): boolean {
    return this.#narrowed === undefined || this.#narrowed.patterns.lookup(path).length > 0;
  }
}

function narrowed(routes: readonly RouteDescriptor[]): Narrowed {
  const isList = Array.isArray(routes) && routes.every((route) => typeof route?.pattern === "string");
  if (!isList) {
    const expected = "an array of objects with a pattern";
    throw new EurusError("EURUS_OPTION_INVALID", { option: "routeDescriptors", received: routes, expected });
  }
  const patterns = new PatternIndex<undefined>();
  const copies = routes.map(({ pattern }) => {
    patterns.add(new Pattern(pattern), undefined);
    return Object.freeze({ pattern });
  });
  return { routes: Object.freeze(copies), patterns };
}

function isHandler(value: unknown): boolean {
  return typeof value === "function" || (typeof value === "object" && value !== null && "handle" in value);
}

/** By what it can do: a program may hold two copies of the package. */
function isRouter(handler: Router | Handler): handler is Router {
  return "connect" in handler && typeof handler.connect === "function" && describesRoutes(handler);
}

function describesRoutes(handler: unknown): handler is DescribedHandler {
  return (
    typeof handler === "object" &&
    handler !== null &&
    "routeDescriptors" in handler &&
    typeof handler.routeDescriptors === "function"
  );
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "object" ? "an object without handle()" : String(value);
}

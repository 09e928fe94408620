import type { Context, Handler, RouteDescriptor, RouterOptions } from "velaros";
import { Pattern, ReplyError, Router } from "velaros";
import { EurusError } from "../errors.ts";
import type { ServiceOptions } from "./service-options.ts";

/** A handler that can say which of its routes are public, as a router can. */
interface DescribedHandler {
  routeDescriptors(): readonly RouteDescriptor[];
}

/** The router that a service's virtual sockets live in, and what of it gateways are told. */
export class RouterSetup {
  readonly #handler: Router | Handler;
  /** Undefined when a router that was passed in decides for itself. */
  readonly #routerOptions: RouterOptions | undefined;
  #narrowed: readonly RouteDescriptor[] | undefined;
  #patterns: readonly Pattern[] | undefined;
  #router: Router | undefined;

  constructor(service: string, handler: Router | Handler, options: ServiceOptions) {
    if (!isHandler(handler)) {
      throw new EurusError("EURUS_HANDLER_INVALID", { service, received: describe(handler) });
    }
    this.#handler = handler;
    const { onError, runtime } = options;
    const isOwn = isRouter(handler) && onError === undefined && runtime === undefined;
    this.#routerOptions = isOwn ? undefined : { onError, runtime };
    this.narrow(options.routeDescriptors);
  }

  /** Public routes, as they are now. */
  routes(): readonly RouteDescriptor[] {
    if (this.#narrowed !== undefined) return this.#narrowed;
    return describesRoutes(this.#handler) ? this.#handler.routeDescriptors() : [];
  }

  /** Limits what is public to these routes; undefined lifts the limit. */
  narrow(routes: readonly RouteDescriptor[] | undefined): void {
    this.#patterns = routes === undefined ? undefined : patternsOf(routes);
    this.#narrowed = routes;
    this.#router = undefined;
  }

  /** The router for new virtual sockets: the one that was passed in, if it can be used as it is. */
  get router(): Router {
    this.#router ??= this.#build();
    return this.#router;
  }

  #build(): Router {
    const isAsGiven = this.#routerOptions === undefined && this.#patterns === undefined;
    if (isAsGiven && isRouter(this.#handler)) return this.#handler;
    const router = new Router(this.#routerOptions);
    // Only there when it has something to do, so that the usual message passes one handler less.
    if (this.#patterns !== undefined) router.use((context: Context) => this.#guard(context));
    router.use(this.#handler);
    return router;
  }

  /** A gateway asks for nothing else than what was announced; whoever does gets what any unknown path gets. */
  #guard(context: Context): void | Promise<void> {
    const { path } = context;
    const isPublic = path === "" || this.#patterns?.some((pattern) => pattern.match(path) !== null) !== false;
    if (isPublic) return context.next();
    throw new ReplyError("NOT_FOUND", "Nothing handles this path.");
  }
}

function patternsOf(routes: readonly RouteDescriptor[]): readonly Pattern[] {
  const isList = Array.isArray(routes) && routes.every((route) => typeof route?.pattern === "string");
  if (isList) return routes.map(({ pattern }) => new Pattern(pattern));
  const expected = "an array of objects with a pattern";
  throw new EurusError("EURUS_OPTION_INVALID", { option: "routeDescriptors", value: routes, expected });
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

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
  readonly #routerOptions: RouterOptions;
  #narrowed: readonly RouteDescriptor[] | undefined;
  #patterns: readonly Pattern[] | undefined;
  #router: Router | undefined;

  constructor(service: string, handler: Router | Handler, options: ServiceOptions) {
    if (!isHandler(handler)) {
      throw new EurusError("EURUS_HANDLER_INVALID", { service, received: describe(handler) });
    }
    this.#handler = handler;
    const { onError, runtime } = options;
    this.#routerOptions = {
      ...(onError === undefined ? undefined : { onError }),
      ...(runtime === undefined ? undefined : { runtime }),
    };
    this.narrow(options.routeDescriptors);
  }

  /** Public routes, as they are now. */
  routes(): readonly RouteDescriptor[] {
    if (this.#narrowed !== undefined) return this.#narrowed;
    return describesRoutes(this.#handler) ? this.#handler.routeDescriptors() : [];
  }

  /** Limits what is public to these routes; undefined lifts the limit. */
  narrow(routes: readonly RouteDescriptor[] | undefined): void {
    this.#patterns = routes?.map(({ pattern }) => new Pattern(pattern));
    this.#narrowed = routes;
    this.#router = undefined;
  }

  /** The router for new virtual sockets. */
  get router(): Router {
    this.#router ??= this.#build();
    return this.#router;
  }

  #build(): Router {
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

function isHandler(value: unknown): boolean {
  return typeof value === "function" || (typeof value === "object" && value !== null && "handle" in value);
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

import type { Codec } from "velaros-protocol";
import type { Step } from "../chain/message-node.ts";
import { CodecMiddleware } from "../codec-middleware.ts";
import type { Context } from "../context.ts";
import { VelarosError } from "../errors.ts";
import type { HandlerObject } from "../handler.ts";
import type { LifecycleCall } from "../socket/lifecycle.ts";
import { isRouteSchemas, type RouteSchemas } from "../validation.ts";

/** The arguments of a binding method, taken apart. */
export interface Arguments {
  readonly path: string | undefined;
  readonly schemas: RouteSchemas | undefined;
  readonly handlers: readonly unknown[];
}

/**
 * Takes apart `(path?, schemas?, ...handlers)`, as far as the method takes these.
 *
 * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING` without handlers, `VELAROS_HANDLER_INVALID` without a path where one is needed.
 */
export function takeApart(
  method: "use" | "bind" | "publicBind" | "useOpen" | "useClose",
  given: readonly unknown[],
): Arguments {
  const [first, second] = given;
  const isRoute = method === "bind" || method === "publicBind";
  const path = typeof first === "string" && (isRoute || method === "use") ? first : undefined;
  if (isRoute && path === undefined && given.length > 0) {
    throw invalidHandler(method, "a path in front of its handlers", first);
  }
  const schemas = isRoute && isRouteSchemas(second) ? second : undefined;
  const handlers = given.slice((path === undefined ? 0 : 1) + (schemas === undefined ? 0 : 1));
  if (handlers.length === 0) throw new VelarosError("VELAROS_HANDLER_MISSING", { method });
  return { path, schemas, handlers };
}

/**
 * The place of a message handler in a chain.
 *
 * @throws {@link VelarosError} `VELAROS_HANDLER_INVALID` for anything that can't handle messages.
 */
export function messageStep(method: string, handler: unknown): Step {
  if (typeof handler === "function") {
    return { handler, run: handler as (context: Context) => unknown };
  }
  if (hasMethod(handler, "handle")) {
    const object = handler as unknown as HandlerObject;
    return { handler, run: (context) => object.handle(context) };
  }
  throw invalidHandler(method, "functions, routers and objects with a handle method", handler);
}

/** What an open or close handler does, whichever form it has. */
export function lifecycleCall(
  method: string,
  name: "handleOpen" | "handleClose",
  handler: unknown,
): LifecycleCall {
  if (typeof handler === "function") return handler as LifecycleCall;
  const call = lifecycleMethod(handler, name);
  if (call === undefined)
    throw invalidHandler(method, `functions and objects with a ${name} method`, handler);
  return call;
}

/** The `handleOpen` or `handleClose` of an object, if it has one. */
export function lifecycleMethod(
  handler: unknown,
  name: "handleOpen" | "handleClose",
): LifecycleCall | undefined {
  if (!hasMethod(handler, name)) return undefined;
  return (context) => handler[name](context);
}

/** A handler that may keep new clients out; see {@link HandlerObject.acceptsClients}. */
export type Door = Required<Pick<HandlerObject, "acceptsClients">>;

/** Whether a handler wants to be asked before a client is let in. */
export function isDoor(handler: unknown): handler is Door {
  return hasMethod(handler, "acceptsClients");
}

/** The codec that a handler is middleware of, if it is. */
export function codecOf(handler: unknown): Codec | undefined {
  return handler instanceof CodecMiddleware ? handler.codec : undefined;
}

function invalidHandler(method: string, expected: string, received: unknown): VelarosError {
  return new VelarosError("VELAROS_HANDLER_INVALID", { method, expected, received: describe(received) });
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, (context: Context) => unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    name in value &&
    typeof (value as Record<Name, unknown>)[name] === "function"
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `the string "${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `the ${typeof value} ${String(value)}`;
  const methods = ["handle", "handleOpen", "handleClose"].filter((name) => hasMethod(value, name));
  const kind = Array.isArray(value) ? "an array" : "an object";
  return methods.length === 0
    ? `${kind} without handler methods`
    : `${kind} with only ${methods.join(" and ")}`;
}

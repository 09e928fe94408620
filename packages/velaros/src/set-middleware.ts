import type { Context } from "./context.ts";
import type { HandlerFunction } from "./handler.ts";

/** Where a value is kept that may change: `{ value }`, or a function that returns it. */
export type ValueSource<Value> = { readonly value: Value } | (() => Value);

/** Middleware that stores a constant on each message. */
export function set(key: string, value: unknown): HandlerFunction {
  return onMessage(key, () => value);
}

/** Middleware that stores on each message what `create` returns for it. */
export function setFn(key: string, create: () => unknown): HandlerFunction {
  return onMessage(key, create);
}

/** Middleware that stores on each message what `source` holds at that moment. */
export function setValue<Value>(key: string, source: ValueSource<Value>): HandlerFunction {
  return onMessage(key, reader(source));
}

/** Middleware that stores a constant on the socket, with each message; once per connection under `useOpen`. */
export function socketSet(key: string, value: unknown): HandlerFunction {
  return onSocket(key, () => value);
}

/** Middleware that stores on the socket what `create` returns, anew with each message; once per connection under `useOpen`. */
export function socketSetFn(key: string, create: () => unknown): HandlerFunction {
  return onSocket(key, create);
}

/** Middleware that stores on the socket what `source` holds, anew with each message; once per connection under `useOpen`. */
export function socketSetValue<Value>(key: string, source: ValueSource<Value>): HandlerFunction {
  return onSocket(key, reader(source));
}

function onMessage(key: string, read: () => unknown): HandlerFunction {
  return (context: Context) => {
    context.set(key, read());
    return context.next();
  };
}

function onSocket(key: string, read: () => unknown): HandlerFunction {
  return (context: Context) => {
    context.setOnSocket(key, read());
    return context.next();
  };
}

function reader<Value>(source: ValueSource<Value>): () => Value {
  return typeof source === "function" ? source : () => source.value;
}

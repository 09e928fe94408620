import type { NodeMatch } from "../chain/message-chain.ts";
import type { MessageNode, Step } from "../chain/message-node.ts";
import type { Context } from "../context.ts";
import type { ContextSocket } from "../context/context-socket.ts";
import { Exchange, type ExchangeKind } from "../context/exchange.ts";
import { MessageContext, messageContext } from "../context/message-context.ts";
import { runNext } from "../context/walk.ts";
import { toError } from "../errors.ts";
import { Pattern } from "../pattern/pattern.ts";
import { isPromiseLike } from "../promises.ts";

const everything = new Pattern("/**");

/** A handler of the open or close chain. */
export type LifecycleCall = (context: Context) => unknown;

/**
 * Runs the open chain: each handler is followed by the next one by itself, until one throws or closes the socket.
 *
 * @returns What went wrong, in a promise if it took time.
 */
export function runOpenChain(
  socket: ContextSocket,
  calls: readonly LifecycleCall[],
): Error | undefined | Promise<Error | undefined> {
  if (calls.length === 0) return undefined;
  const context = lifecycleContext("open", socket, calls.map(openStep));
  const finish = (): Error | undefined => {
    context.exchange.finish();
    return context.error;
  };
  const pending = runNext(context);
  return pending === undefined ? finish() : pending.then(finish);
}

/** Runs all handlers of the close chain; what they throw is reported and stops nobody. */
export function runCloseChain(
  socket: ContextSocket,
  calls: readonly LifecycleCall[],
): Promise<void> | undefined {
  if (calls.length === 0) return undefined;
  const context = lifecycleContext("close", socket, calls.map(closeStep));
  const pending = runNext(context);
  if (pending !== undefined) return pending.then(() => void context.exchange.finish());
  context.exchange.finish();
  return undefined;
}

function lifecycleContext(kind: ExchangeKind, socket: ContextSocket, steps: readonly Step[]): MessageContext {
  const context = new MessageContext(new Exchange(kind, socket, undefined), undefined, undefined);
  const node: MessageNode = {
    order: 0,
    pattern: everything,
    matchesAll: true,
    steps,
    schemas: undefined,
    internal: false,
    mount: undefined,
  };
  const matches: readonly NodeMatch[] = [{ node, match: undefined }];
  context.matches = matches;
  context.routedPath = context.path;
  return context;
}

function openStep(call: LifecycleCall): Step {
  return {
    handler: call,
    run: (context) => {
      const result = call(context);
      return isPromiseLike(result) ? result.then(() => context.next()) : context.next();
    },
  };
}

function closeStep(call: LifecycleCall): Step {
  const fail = (given: Context, thrown: unknown): void => {
    const context = messageContext(given);
    context.socket.failed(toError(thrown), context);
  };
  return {
    handler: call,
    run: (context) => {
      try {
        const result = call(context);
        if (!isPromiseLike(result)) return context.next();
        return result.then(undefined, (thrown: unknown) => fail(context, thrown)).then(() => context.next());
      } catch (thrown) {
        fail(context, thrown);
        return context.next();
      }
    },
  };
}

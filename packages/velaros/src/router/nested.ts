import type { MessageChain } from "../chain/message-chain.ts";
import { MessageContext } from "../context/message-context.ts";
import { runNext } from "../context/walk.ts";

/**
 * Runs a message through the chain of a nested router. The outer chain goes on when every handler of the inner one
 * passed the message on.
 */
export function runNested(outer: MessageContext, chain: MessageChain): void | Promise<void> {
  const inner = new MessageContext(outer.exchange, chain, outer);
  const pending = runNext(inner);
  return pending === undefined ? leave(outer, inner) : pending.then(() => leave(outer, inner));
}

function leave(outer: MessageContext, inner: MessageContext): void | Promise<void> {
  outer.leaveNested(inner);
  if (inner.ranOff && inner.error === undefined) return outer.next();
}

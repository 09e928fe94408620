import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Step } from "../chain/message-node.ts";
import { decodeData } from "../context/decode.ts";
import { messageContext } from "../context/message-context.ts";
import type { MessageContext } from "../context/message-context.ts";
import { isPromiseLike } from "../promises.ts";
import { assertValid, validate } from "../validation.ts";

/** The handler in front of a route with an input schema: lets through what fits. */
export function inputStep(schema: StandardSchemaV1): Step {
  return {
    handler: schema,
    run: (given) => {
      const context = messageContext(given);
      if (isForHandlerBehind(context)) return context.next();
      const result = validate(schema, decodeData(context, context));
      return isPromiseLike(result) ? result.then((late) => admit(context, late)) : admit(context, result);
    },
  };
}

/** An answer to a handler that waits has another form than what started it. */
function isForHandlerBehind(context: MessageContext): boolean {
  const { exchange, current } = context;
  if (exchange.addressee !== undefined) return true; // It reaches that handler or none.
  const steps = current?.node.steps ?? [];
  const inboxes = exchange.conversation?.inboxes ?? [];
  return inboxes.some((inbox) => inbox.owner !== exchange && inbox.isBehind(context, steps));
}

function admit(context: MessageContext, result: StandardSchemaV1.Result<unknown>): Promise<void> {
  const value = assertValid("input", context.path, result);
  const node = context.current?.node;
  if (node !== undefined) context.validated = { node, value };
  return context.next();
}

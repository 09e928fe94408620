import type { StandardSchemaV1 } from "@standard-schema/spec";
import { decodeData } from "../context/decode.ts";
import type { MessageContext } from "../context/message-context.ts";
import { isPromiseLike } from "../context/records.ts";
import { assertValid, validate } from "../validation.ts";
import type { Step } from "./node.ts";

/** The handler in front of a route with an input schema: lets through what fits. */
export function inputStep(schema: StandardSchemaV1): Step {
  return {
    handler: schema,
    run: (context) => {
      // An answer to a handler that waits has another form than what started it.
      if (context.exchange.isFollowUp) return context.next();
      const result = validate(schema, decodeData(context, context));
      return isPromiseLike(result) ? result.then((late) => admit(context, late)) : admit(context, result);
    },
  };
}

function admit(context: MessageContext, result: StandardSchemaV1.Result<unknown>): Promise<void> {
  const value = assertValid("input", context.path, result);
  const node = context.current?.node;
  if (node !== undefined) context.validated = { node, value };
  return context.next();
}

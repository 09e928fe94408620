import { toError } from "../errors.ts";
import { isPromiseLike, rejected, settled } from "../promises.ts";
import { assertValid, validate } from "../validation.ts";
import { encodeMessage } from "./encode.ts";
import type { MessageContext } from "./message-context.ts";

/** Answers the message of a context with what the route's output schema, if it has one, makes of `data`. */
export function sendReply(context: MessageContext, data: unknown): Promise<void> {
  const schema = context.current?.node.schemas?.output;
  if (schema === undefined) return encodeAndSend(context, data);
  try {
    const checked = validate(schema, data);
    return isPromiseLike(checked)
      ? sendLater(
          context,
          checked.then((result) => assertValid("output", context.path, result)),
        )
      : encodeAndSend(context, assertValid("output", context.path, checked));
  } catch (error) {
    return failed(context, error);
  }
}

/** Holds the chain open until the schema has looked at the answer, whether or not the handler waits for that. */
function sendLater(context: MessageContext, checked: PromiseLike<unknown>): Promise<void> {
  const { exchange } = context;
  exchange.outstanding += 1;
  const sent = checked.then(
    (data) => encodeAndSend(context, data),
    (error: unknown) => failed(context, error),
  );
  const release = (): void => exchange.release();
  sent.then(release, release);
  return Promise.resolve(sent);
}

function encodeAndSend(context: MessageContext, data: unknown): Promise<void> {
  const { exchange, socket, messageType: type } = context;
  let payload: Uint8Array | string;
  try {
    payload = encodeMessage(context, type, {
      id: exchange.explicitId,
      path: undefined,
      status: exchange.status === 0 ? undefined : exchange.status,
      data,
    });
  } catch (error) {
    return failed(context, error);
  }
  const purpose = exchange.inbound === undefined ? "push" : "reply";
  const room = socket.transmit(payload, type, purpose, exchange.inbound);
  exchange.replied = true;
  return room ?? settled;
}

/** Notes the failure, so that the client hears of it even when the handler does not wait for its answer. */
function failed(context: MessageContext, error: unknown): Promise<never> {
  context.exchange.encodeError = toError(error);
  return rejected(error);
}

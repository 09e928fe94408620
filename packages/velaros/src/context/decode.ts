import type { Delivered } from "../conversation/delivered.ts";
import { VelarosError } from "../errors.ts";
import { assertValid, validate, validateAtOnce } from "../validation.ts";
import type { MessageContext } from "./message-context.ts";

/** Decodes the data of a message as the chain of `context` does; undefined when it has none. */
export function decodeData(context: MessageContext, message: Delivered): unknown {
  if (message.data === undefined) return undefined;
  const unmarshaler = message.unmarshaler ?? context.unmarshaler;
  if (unmarshaler !== undefined) return unmarshaler(message.data);
  const codec = message.codec ?? context.codec;
  if (codec === undefined) {
    throw new VelarosError("VELAROS_CODEC_MISSING", { action: "decode the data of a message" });
  }
  return codec.decodeData(message.data);
}

/** The data of a received message, as the route's input schema makes it. */
export function decodeReceived(context: MessageContext, message: Delivered): unknown {
  if (message === context && isValidated(context)) return context.validated?.value;
  const value = decodeData(context, message);
  const schema = context.current?.node.schemas?.input;
  if (schema === undefined) return value;
  return Promise.resolve(validate(schema, value)).then((result) =>
    assertValid("input", context.path, result),
  );
}

/** The data of the context's own message, as the route's input schema makes it, at once. */
export function decodeOwn(context: MessageContext): unknown {
  if (isValidated(context)) return context.validated?.value;
  const value = decodeData(context, context);
  const schema = context.current?.node.schemas?.input;
  return schema === undefined ? value : validateAtOnce(schema, context.path, value);
}

function isValidated({ validated, current }: MessageContext): boolean {
  return validated !== undefined && validated.node === current?.node;
}

import type { ForwardedFacts, InboundMessage } from "../connection.ts";
import { VelarosError } from "../errors.ts";
import type { MessageContext } from "./message-context.ts";

/** What a gateway hands to a service: the client's bytes, and everything that is known about them. */
export function forwardable(
  context: MessageContext,
): InboundMessage & { readonly forwarded: ForwardedFacts } {
  const { exchange } = context;
  if (exchange.inbound === undefined) throw new VelarosError("VELAROS_NO_MESSAGE", { action: "forward" });
  exchange.forwarded = true;
  return {
    bytes: context.rawData,
    type: exchange.inbound.type,
    forwarded: {
      id: exchange.explicitId,
      path: context.path === "" ? undefined : context.path,
      dataStart: context.dataStart,
      dataEnd: context.dataEnd,
      hasMeta: context.hasMeta,
      replacedData: context.replacedData,
      replacedMeta: context.replacedMeta,
      trusted: exchange.trusted,
    },
  };
}

// A service that speaks Protocol Buffers: its data are messages of types of its own.
import { Service } from "eurus";
import type { Transport } from "eurus";
import protobufjs from "protobufjs";
import { ReplyError, Router } from "velaros";
import { protobuf, protobufMessage } from "velaros/protobuf";

const { root } = protobufjs.parse(`
  syntax = "proto3";
  message Numbers { repeated int32 values = 1; }
  message Sum { int32 value = 1; }
`);
export const Numbers: protobufjs.Type = root.lookupType("Numbers");
export const Sum: protobufjs.Type = root.lookupType("Sum");

export function createService(transport: Transport): Service {
  const router = new Router();
  router.use(protobuf()); // as on the gateway

  router.publicBind("/sum", (ctx) => {
    const values = numbersOf(ctx.unmarshal<Uint8Array>());
    return protobufMessage(Sum, { value: values.reduce((sum, value) => sum + value, 0) });
  });
  return new Service("calculator", transport, router);
}

function numbersOf(bytes: Uint8Array): readonly number[] {
  try {
    return (Numbers.decode(bytes) as unknown as { readonly values: readonly number[] }).values;
  } catch (cause) {
    throw new ReplyError("VALIDATION_FAILED", `No message of the type Numbers: ${String(cause)}`);
  }
}

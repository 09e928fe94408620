// One router, three encodings.
import { Router } from "velaros";
import { json } from "velaros/json";
import { msgpack } from "velaros/msgpack";
import { protobuf } from "velaros/protobuf";

export const router = new Router()
  .use(json()) // velaros-json
  .use(msgpack()) // velaros-msgpack, needs @msgpack/msgpack
  .use(protobuf()) // velaros-protobuf, needs protobufjs
  .bind("/encoding", async (ctx) => {
    const name = ctx.socket.codec?.name;
    // Protobuf knows no values without a type: it takes messages that are encoded already.
    await ctx.reply(name === "protobuf" ? new TextEncoder().encode(name) : { name });
  });

import { once } from "node:events";
import protobufjs from "protobufjs";
import { Router } from "velaros";
import { json, jsonCodec } from "velaros/json";
import { msgpack, msgpackCodec } from "velaros/msgpack";
import { protobuf, protobufCodec, protobufMessage } from "velaros/protobuf";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { onEveryBus } from "../support/buses.ts";
import type { Codec, Envelope } from "velaros-protocol";

/** Sends one envelope in a codec's encoding and returns the answer, decoded. */
async function ask(url: string, codec: Codec, envelope: Envelope): Promise<Envelope> {
  const webSocket = new WebSocket(url);
  await once(webSocket, "open");
  webSocket.send(codec.encode(envelope), { binary: codec.messageType === "binary" });
  const [bytes, binary]: unknown[] = await once(webSocket, "message");
  webSocket.terminate();
  if (!(bytes instanceof Uint8Array)) throw new Error("not a frame of one piece");
  expect(binary).toBe(codec.messageType === "binary");
  return codec.decode(Uint8Array.from(bytes));
}

const { root } = protobufjs.parse(`
  syntax = "proto3";
  message Question { string text = 1; }
  message Answer { string text = 1; }
`);
const Question = root.lookupType("Question");
const Answer = root.lookupType("Answer");

onEveryBus(({ test, newFleet }) => {
  test("the gateway finds the path in each encoding [claim:40]", async () => {
    for (const [middleware, codec] of [
      [json(), jsonCodec],
      [msgpack(), msgpackCodec],
    ] as const) {
      await using fleet = newFleet();
      const edge = await fleet.edge({ codec: middleware });
      const router = new Router().use(middleware).publicBind("/echo/:id", async (ctx) => {
        await ctx.reply({ id: ctx.params.id, data: await ctx.receive() });
      });
      await fleet.service("echo", router);

      const answer = await ask(edge.url, codec, { id: "1", path: "/echo/7", data: { text: "hi" } });

      expect(answer).toEqual({ id: "1", data: { id: "7", data: { text: "hi" } } });
    }
  });

  test("Protobuf messages are routed, and those of another type are an error of their own [claim:40 claim:41]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({ codec: protobuf() });
    const router = new Router({ onError: () => undefined })
      .use(protobuf())
      .publicBind("/ask", async (ctx) => {
        const { text } = Question.toObject(Question.decode(await ctx.receiveRaw()));
        await ctx.reply(protobufMessage(Answer, { text: `${text}!` }));
      });
    await fleet.service("ask", router);
    const question = Question.encode({ text: "well" }).finish();

    const answer = await ask(edge.url, protobufCodec, { id: "1", path: "/ask", data: question });
    const broken = await ask(edge.url, protobufCodec, {
      id: "2",
      path: "/ask",
      data: Uint8Array.of(0x0a, 0xff),
    });
    const again = await ask(edge.url, protobufCodec, { id: "3", path: "/ask", data: question });

    expect(Answer.toObject(Answer.decode(answer.data as Uint8Array))).toEqual({ text: "well!" });
    expect(broken).toMatchObject({ id: "2", error: { code: "INTERNAL" } });
    expect(again.id).toBe("3");
  });
});

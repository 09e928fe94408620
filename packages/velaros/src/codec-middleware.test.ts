import { describe, expect, test } from "vitest";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec } from "velaros-protocol/protobuf";
import { CodecMiddleware, ErrorBody, FieldError, Router } from "./index.ts";
import { json } from "./json.ts";
import { msgpack } from "./msgpack.ts";
import { protobuf } from "./protobuf.ts";
import { connectClient } from "./testing/index.ts";

const stacked = (): Router =>
  new Router()
    .use(json(), msgpack())
    .bind("/x", (ctx) => ctx.reply({ codec: ctx.socket.codec?.name, data: ctx.unmarshal() })) as Router;

describe("several codecs on one router", () => {
  test("choose per connection by its first readable message", async () => {
    const router = stacked();
    await using text = connectClient(router);
    await using binary = connectClient(router, { codec: msgpackCodec });

    expect(await text.request("/x", 1)).toMatchObject({ data: { codec: "json", data: 1 } });
    expect(await binary.request("/x", 1)).toMatchObject({ data: { codec: "msgpack", data: 1 } });
    text.sendRaw(msgpackCodec.encode({ id: "1", path: "/x" }));
    expect(await text.receive()).toMatchObject({ error: { code: "BAD_MESSAGE" } });
  });

  test("choose by the subprotocol that the handshake agreed on [quirk:Q32 claim:116]", async () => {
    await using client = connectClient(stacked(), { codec: msgpackCodec, subprotocol: "velaros-msgpack" });

    expect(await client.request("/x", 1)).toMatchObject({ data: { codec: "msgpack" } });
    client.sendRaw('{"id":"1","path":"/x"}');
    expect(await client.receive()).toMatchObject({ error: { code: "BAD_MESSAGE" } });
  });

  test("carry everything that is said on the connection: pushes, answers, questions, further messages", async () => {
    const router = new Router()
      .use(json())
      .use(msgpack())
      .useOpen((ctx) => ctx.push("welcome"))
      .bind("/x", async (ctx) => {
        const said = [await ctx.receive(), await ctx.receive()];
        said.push(await ctx.request("one?"), await ctx.socket.request("two?"));
        await ctx.socket.push(said);
        return "done";
      });
    await using client = connectClient(router, { codec: msgpackCodec, subprotocol: "velaros-msgpack" });

    expect((await client.receive()).data).toEqual({ message: "welcome" });
    client.send({ id: "1", path: "/x", data: 1 });
    client.send({ id: "1", data: 2 });
    for (const data of [3, 4]) client.send({ id: (await client.receive()).id, data });

    expect((await client.receive()).data).toEqual([1, 2, 3, 4]);
    expect(await client.receive()).toEqual({ id: "1", data: { message: "done" } });
  });

  test("refuse a subprotocol that none of them speaks, and run no handler [claim:116]", async () => {
    const errors: string[] = [];
    let ran = false;
    const router = new Router({ onError: (error) => errors.push(error.message) })
      .use(json(), msgpack())
      .use(() => void (ran = true));
    await using client = connectClient(router, { subprotocol: "graphql-ws" });

    client.send({ id: "1", path: "/x" });

    expect(client.received).toMatchObject([{ error: { code: "BAD_MESSAGE" } }]);
    expect(errors).toEqual([
      'The connection speaks subprotocol "graphql-ws"; this router knows velaros-json, velaros-msgpack.',
    ]);
    expect(ran).toBe(false);
  });
});

test("field order and unknown fields do not matter [claim:128]", async () => {
  await using client = connectClient(stacked());

  client.sendRaw('{"data":[1],"foo":{"id":"no"},"path":"/x","id":"1"}');

  expect(client.received).toMatchObject([{ id: "1", data: { data: [1] } }]);
});

test("null data is data, in every encoding; null id and path are none [quirk:Q29]", async () => {
  for (const codec of [jsonCodec, msgpackCodec]) {
    const router = new Router()
      .use(new CodecMiddleware(codec))
      .use((ctx) => ctx.reply([ctx.path, ctx.data !== undefined, ctx.unmarshal() ?? null]));
    await using client = connectClient(router, { codec });

    client.send({ path: "/x", data: null });
    client.send({ path: "/x" });

    expect(client.received).toEqual([{ data: ["/x", true, null] }, { data: ["/x", false, null] }]);
  }
});

test("bodies are mapped to data by the encoding [quirk:Q30]", async () => {
  const router = new Router()
    .use(json())
    .bind("/string", (ctx) => ctx.reply("text"))
    .bind("/error", (ctx) => ctx.reply(new Error("native")))
    .bind("/body", (ctx) => ctx.reply(new ErrorBody("body")))
    .bind("/field", (ctx) => ctx.reply(new FieldError("name", "too long")));
  await using client = connectClient(router);

  expect((await client.request("/string")).data).toEqual({ message: "text" });
  expect((await client.request("/error")).data).toEqual({ error: "native" });
  expect((await client.request("/body")).data).toEqual({ error: "body" });
  expect((await client.request("/field")).data).toEqual({
    error: "Validation error",
    fields: [{ name: "too long" }],
  });
});

test("a Protobuf message of zero bytes counts as data [quirk:Q31]", async () => {
  const router = new Router().use(protobuf()).bind("/x", async (ctx) => {
    const first = await ctx.receiveRaw();
    await ctx.reply(Uint8Array.of(first.length, 7));
  });
  await using client = connectClient(router, { codec: protobufCodec });

  client.send({ id: "1", path: "/x" });

  expect(await client.receive()).toMatchObject({ id: "1", data: Uint8Array.of(0, 7) });
});

test("large numbers survive in the bytes of the data", async () => {
  const router = new Router().use(json()).bind("/x", (ctx) => ctx.reply(new TextDecoder().decode(ctx.data)));
  await using client = connectClient(router);

  client.sendRaw('{"path":"/x","data":12345678901234567890}');

  expect(client.received).toEqual([{ data: { message: "12345678901234567890" } }]);
});

test("bytes that middleware puts in place of the received ones are read by the codecs behind it", async () => {
  const router = new Router()
    .use((ctx) => {
      ctx.setMessageRawData(Uint8Array.from(ctx.rawData, (byte) => byte ^ 1));
      return ctx.next();
    })
    .use(json())
    .bind("/x", (ctx) => ctx.reply("deciphered"));
  await using client = connectClient(router);

  client.sendRaw(Uint8Array.from(jsonCodec.encode({ path: "/x" }), (byte) => byte ^ 1));

  expect(client.received).toEqual([{ data: { message: "deciphered" } }]);
});

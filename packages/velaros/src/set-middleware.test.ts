import { expect, test } from "vitest";
import { Router, set, setFn, setValue, socketSet, socketSetFn, socketSetValue } from "./index.ts";
import { json } from "./json.ts";
import { connectClient } from "./testing/index.ts";

test("set stores a constant, setFn a fresh value, setValue what the reference holds, each per message", async () => {
  let calls = 0;
  const ref = { value: "first" };
  const router = new Router()
    .use(json())
    .use(
      set("constant", 7),
      setFn("counted", () => ++calls),
      setValue("ref", ref),
      setValue("got", () => ref.value),
    )
    .bind("/x", (ctx) =>
      ctx.reply([ctx.get("constant"), ctx.get("counted"), ctx.get("ref"), ctx.get("got")]),
    );
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ data: [7, 1, "first", "first"] });
  ref.value = "second";
  expect(await client.request("/x")).toMatchObject({ data: [7, 2, "second", "second"] });
});

test("the socket variants store on the socket, anew with each message; once under useOpen", async () => {
  let calls = 0;
  let opens = 0;
  const ref = { value: 1 };
  const router = new Router()
    .use(json())
    .useOpen(socketSetFn("opened", () => ++opens))
    .use(
      socketSet("constant", 7),
      socketSetFn("counted", () => ++calls),
      socketSetValue("ref", ref),
    )
    .bind("/x", (ctx) =>
      ctx.reply(["constant", "counted", "ref", "opened"].map((key) => ctx.getFromSocket(key) ?? null)),
    );
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ data: [7, 1, 1, 1] });
  ref.value = 2;
  expect(await client.request("/x")).toMatchObject({ data: [7, 2, 2, 1] });
});

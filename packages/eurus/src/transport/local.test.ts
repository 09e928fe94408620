import { expect, test } from "vitest";

import { transportContract } from "../testing/transport-contract.ts";
import { LocalTransport } from "./local.ts";

for (const { name, run } of transportContract({
  bus: async () => {
    const transport = new LocalTransport();
    return { connect: async () => transport };
  },
})) {
  test(`LocalTransport: ${name}`, run);
}

test("whoever subscribes after a packet was published does not receive it, whoever leaves before its hand-over neither", async () => {
  const transport = new LocalTransport();
  const heard: string[] = [];
  const leave = transport.subscribe("a", () => void heard.push("left"));
  transport.publish("a", Uint8Array.of(1));
  transport.subscribe("a", () => void heard.push("late"));
  leave();
  await transport.flush();

  expect(heard).toEqual([]);
});

test("closing settles a flush that waits", async () => {
  const transport = new LocalTransport();
  const flushed = transport.flush();
  await transport.close();

  await expect(flushed).resolves.toBeUndefined();
});

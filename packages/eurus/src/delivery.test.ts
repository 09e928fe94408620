import { expect, test } from "vitest";
import { seededRandom } from "../../../test/simulation/random.ts";
import { VirtualProcess, VirtualTime } from "../../../test/simulation/virtual-time.ts";
import { untilDelivered } from "./delivery.ts";
import { LocalTransport } from "./transport/local.ts";

test("last words wait for links that are not done, and for no bus that is closed for good", async () => {
  const time = new VirtualTime();
  const { runtime } = new VirtualProcess("leaving", time, seededRandom(1));
  const transport = new LocalTransport();
  const link = { allTaken: false };
  let delivered = false;
  const pending = untilDelivered(transport, runtime, [link]).then(() => (delivered = true));
  await time.run(1_000);
  expect(delivered).toBe(false);
  link.allTaken = true;
  await time.run(10);
  await pending;

  await transport.close();
  const leaving = untilDelivered(transport, runtime, [{ allTaken: false }]);
  await time.run(1);
  await leaving;
});

test("last words that nobody takes are given up after two seconds", async () => {
  const time = new VirtualTime();
  const { runtime } = new VirtualProcess("leaving", time, seededRandom(1));
  let leftAtMs = 0;
  void untilDelivered(new LocalTransport(), runtime, [{ allTaken: false }]).then(() => {
    leftAtMs = time.nowMs;
  });
  await time.run(5_000);
  expect(leftAtMs).toBe(2_000);
});

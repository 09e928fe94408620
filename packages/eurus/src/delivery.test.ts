import { nodeRuntime } from "velaros";
import { expect, test } from "vitest";
import { untilDelivered } from "./delivery.ts";
import { LocalTransport } from "./transport/local.ts";

test("last words wait for links that are not done, and for no bus that is closed for good", async () => {
  const transport = new LocalTransport();
  const link = { allTaken: false };
  let delivered = false;
  const pending = untilDelivered(transport, nodeRuntime, [link]).then(() => (delivered = true));
  await transport.flush();
  expect(delivered).toBe(false);
  link.allTaken = true;
  await pending;

  await transport.close();
  const startedAtMs = nodeRuntime.nowMs();
  await untilDelivered(transport, nodeRuntime, [{ allTaken: false }]);

  // Far from the two seconds that a living bus is given.
  expect(nodeRuntime.nowMs() - startedAtMs).toBeLessThan(1_500);
});

import { Router, VelarosError } from "velaros";
import { expect, test } from "vitest";
import { EurusError, Gateway } from "./index.ts";
import { LocalTransport } from "./transport/local.ts";

test("an error about an option says what was received under the same name as the router's does", () => {
  const ofGateway = thrownBy(() => new Gateway("main", new LocalTransport(), { retryAfterMs: -1 }));
  const ofRouter = thrownBy(() => new Router({ requestTimeoutMs: -1 }));

  expect(EurusError.is(ofGateway, "EURUS_OPTION_INVALID") && ofGateway.details).toEqual({
    option: "retryAfterMs",
    received: -1,
    expected: "a number of at least 0",
  });
  expect(VelarosError.is(ofRouter, "VELAROS_OPTION_INVALID") && ofRouter.details).toEqual({
    option: "requestTimeoutMs",
    received: -1,
    expected: "a number of at least 0",
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}

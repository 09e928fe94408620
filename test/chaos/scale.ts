import { test } from "vitest";
import { natsTest } from "../support/nats-server.ts";

/** Whether everything is tried, however long it takes. */
export const isLong: boolean = process.env["EURUS_LONG"] !== undefined;

/** How many clients a run has, and how many of them wait for an answer when the fault happens. */
export const scale: { readonly clients: number; readonly inFlight: number } = isLong
  ? { clients: 1_000, inFlight: 200 }
  : { clients: 100, inFlight: 30 };

/** Runs in the long run only. */
export const longNatsTest: typeof test = isLong ? natsTest : (test.skip as typeof test);

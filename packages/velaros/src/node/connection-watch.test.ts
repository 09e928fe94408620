import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { ownCloses } from "../close-reasons.ts";
import { ConnectionWatch } from "./connection-watch.ts";

const limits = { idleTicks: 3, stallTicks: 100, pauseTicks: 100, messageTicks: 10 };

/** A connection that is looked at once a tick, and nothing is said on it. */
function startQuiet(socket = new PassThrough()): {
  readonly watch: ConnectionWatch;
  /** After how many looks it has to be closed, if it has to within fifty; `partialBytes` as of the look. */
  closedAfter(partialBytes?: (look: number) => number): number | undefined;
} {
  const watch = new ConnectionWatch();
  watch.fromTheStart(0, 1_000);
  let tick = 0;
  return {
    watch,
    closedAfter(partialBytes = () => 0) {
      for (let look = 1; look <= 50; look++) {
        const verdict = watch.look(++tick, socket, 0, partialBytes(look), limits);
        if (verdict === undefined) continue;
        expect(verdict).toBe(ownCloses.idle);
        return look;
      }
      return undefined;
    },
  };
}

test("a client that still takes what it was sent is not idle, and once it has it is", () => {
  let taken: () => void = () => undefined;
  const socket = new PassThrough();
  socket._write = (_chunk, _encoding, callback) => void (taken = callback);
  const quiet = startQuiet(socket);
  socket.write("a large message");

  expect(quiet.closedAfter()).toBeUndefined();

  taken();
  expect(quiet.closedAfter()).toBe(limits.idleTicks);
});

test("a client whose message is still coming in is not idle, and may pause for as long as a message may", () => {
  expect(startQuiet().closedAfter((look) => look * 1_000)).toBeUndefined();

  const pausing = startQuiet();
  expect(pausing.closedAfter(() => 1_000)).toBe(1 + limits.messageTicks);
});

test("a client that is not being read is not idle, and once it is read again it is", () => {
  const { watch, closedAfter } = startQuiet();

  watch.pausedAtTick = 0;
  watch.pausedByPace = true;
  expect(closedAfter()).toBeUndefined();
  watch.pausedAtTick = undefined;
  expect(closedAfter()).toBeUndefined();

  watch.pausedByPace = false;
  expect(closedAfter()).toBe(limits.idleTicks);
});

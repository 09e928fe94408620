/** A bug that is planted in a copy of the sources to see whether the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** The file, within the packages. */
  readonly file: string;
  /** Text that occurs in it exactly once. */
  readonly original: string;
  readonly planted: string;
}

/** The bugs that the protocol between gateway and service has to avoid; the first ones are planted in every run of the tests. */
export const mutants: readonly Mutant[] = [
  {
    name: "a receiver takes what comes behind a gap",
    file: "eurus/src/link/batch-receiver.ts",
    original: `return "gap";`,
    planted: `return ((this.#expected = sequence), "take");`,
  },
  {
    name: "a receiver takes late copies again",
    file: "eurus/src/link/batch-receiver.ts",
    original: `return "late";`,
    planted: `return ((this.#expected = sequence), "take");`,
  },
  {
    name: "what may have arrived counts as not delivered",
    file: "eurus/src/link/batch-sender.ts",
    original: `: "unknown";`,
    planted: `: "not-delivered";`,
  },
  {
    name: "what may have been handled is sent to the next instance",
    file: "eurus/src/gateway/instance-lost.ts",
    original: `=== "not-delivered")`,
    planted: `!== "taken")`,
  },
  {
    name: "leases go on while the bus is away",
    file: "eurus/src/directory/leases.ts",
    original: `freeze(): void {
    this.#isFrozen = true;`,
    planted: `freeze(): void {
    this.#isFrozen = false;`,
  },
  {
    name: "clients reach private handlers",
    file: "eurus/src/service/service-run.ts",
    original: "publicOnly: true",
    planted: "publicOnly: false",
  },
  {
    name: "answers are delivered after the client was told that the outcome is unknown",
    file: "eurus/src/gateway/pin.ts",
    original: "return number === 0 || this.open.has(number);",
    planted: "return number >= 0;",
  },
  {
    name: "room is never granted back",
    file: "eurus/src/link/receive-windows.ts",
    original: "return granted;",
    planted: "return granted * 0;",
  },
  {
    name: "nobody asks for a lost tail",
    file: "eurus/src/link/batch-sender.ts",
    original: "if (isStalled && this.#port.mayPublish())",
    planted: "if (isStalled && !this.#port.mayPublish())",
  },
  {
    name: "a retransmission leaves out the first batch",
    file: "eurus/src/link/batch-sender.ts",
    original: "for (let index = 0; index < published; index++)",
    planted: "for (let index = 1; index < published; index++)",
  },
  {
    name: "a process that stood still goes on as if nothing had happened",
    file: "eurus/src/link/loop-watch.ts",
    original: "if (stoodStill) this.#onStoodStill();",
    planted: "if (stoodStill && nowMs < 0) this.#onStoodStill();",
  },
  {
    name: "instances are not told of clients that leave",
    file: "eurus/src/gateway/instance-pins.ts",
    original: `this.link.send({ type: "close", pin: pin.number, status, reason, source });`,
    planted: `void [status, reason, source];`,
  },
  {
    name: "the end of handlers is not reported",
    file: "eurus/src/service/gateway-pins.ts",
    original: "this.#tellScheduled = false;",
    planted: "this.#ended = [];",
  },
  {
    name: "last replies do not end their messages",
    file: "eurus/src/gateway/deliver.ts",
    original: "return !pin.settle(number);",
    planted: "return !pin.accepts(number);",
  },
  {
    name: "messages that are moved change their order",
    file: "eurus/src/gateway/pin.ts",
    original: "for (const frame of frames) {",
    planted: "for (const frame of frames.toReversed()) {",
  },
  {
    name: "nobody is told of messages that are never acknowledged",
    file: "eurus/src/gateway/overdue.ts",
    original: "pin of edge.pins) settleOverdue(parts, pin, tick);",
    planted: "pin of edge.pins) if (tick < 0) settleOverdue(parts, pin, tick);",
  },
  {
    name: "a client that waited for room is never read again",
    file: "eurus/src/gateway/edge-socket.ts",
    original: "this.#runtime.defer(() => this.socket.resumeReading());",
    planted: "this.#runtime.nowMs();",
  },
];

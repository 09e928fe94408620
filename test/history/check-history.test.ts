import { expect, test } from "vitest";

import { checkHistory, type HistoryFaultKind } from "./check-history.ts";
import type { HistoryEvent } from "./history.ts";

const options = { outcomeWithinMs: 1_000, endedAtMs: 10_000 };

const sent = (
  message: string,
  number: number,
  extra: Partial<Extract<HistoryEvent, { type: "sent" }>> = {},
) =>
  ({
    type: "sent",
    atMs: number,
    socket: "socket-1",
    service: "chat",
    message,
    number,
    wantsOutcome: true,
    ...extra,
  }) as const satisfies HistoryEvent;
const handled = (message: string, extra: Partial<Extract<HistoryEvent, { type: "handled" }>> = {}) =>
  ({
    type: "handled",
    atMs: 100,
    service: "chat",
    instance: "instance-1",
    socket: "socket-1",
    session: "session-1",
    message,
    isPrivate: false,
    ...extra,
  }) as const satisfies HistoryEvent;
const replied = (message: string, socket = "socket-1") =>
  ({ type: "replied", atMs: 200, socket, message }) as const satisfies HistoryEvent;
const failed = (message: string, code: string) =>
  ({ type: "failed", atMs: 200, socket: "socket-1", message, code }) as const satisfies HistoryEvent;
const opened = {
  type: "opened",
  atMs: 0,
  service: "chat",
  instance: "instance-1",
  socket: "socket-1",
  session: "session-1",
} as const satisfies HistoryEvent;
const closed = {
  type: "closed",
  atMs: 300,
  instance: "instance-1",
  session: "session-1",
} as const satisfies HistoryEvent;
const disconnected = {
  type: "disconnected",
  atMs: 400,
  socket: "socket-1",
  status: 1000,
} as const satisfies HistoryEvent;

test("finds nothing in a history that keeps every promise", () => {
  const events = [
    opened,
    sent("a", 1),
    sent("b", 2),
    handled("a"),
    handled("b"),
    replied("b"),
    replied("a"),
    sent("c", 3, { wantsOutcome: false }),
    sent("d", 4),
    failed("d", "SERVICE_UNAVAILABLE"),
    sent("e", 5),
    failed("e", "DELIVERY_UNKNOWN"),
    handled("e"),
    sent("f", 6),
    disconnected,
    closed,
  ];

  expect(checkHistory(events, options)).toEqual([]);
});

test("allows a given up session to handle late what nobody was told the outcome of, and what waits for its id", () => {
  const later = { session: "session-2", instance: "instance-2" };
  const events = [
    sent("a", 1, { id: "1" }),
    failed("a", "DELIVERY_UNKNOWN"),
    sent("b", 2, { id: "1" }),
    sent("c", 3, { id: "2" }),
    handled("c", later),
    replied("c"),
    handled("a"),
    handled("b", later),
    replied("b"),
  ];

  expect(checkHistory(events, options)).toEqual([]);
});

const faulty: ReadonlyArray<readonly [HistoryFaultKind, string, readonly HistoryEvent[]]> = [
  ["silent-loss", "a message with an id that nobody answers", [sent("a", 1)]],
  ["silent-loss", "an answer after the deadline", [sent("a", 1), { ...replied("a"), atMs: 5_000 }]],
  ["duplicate", "a message handled twice", [sent("a", 1), handled("a"), handled("a"), replied("a")]],
  ["duplicate", "a message answered twice", [sent("a", 1), handled("a"), replied("a"), replied("a")]],
  [
    "order-inversion",
    "a later message handled first",
    [sent("a", 1), sent("b", 2), handled("b"), handled("a"), replied("a"), replied("b")],
  ],
  [
    "order-inversion",
    "an earlier message handled in another session although its outcome is known",
    [
      sent("a", 1),
      sent("b", 2),
      handled("b", { session: "session-2", instance: "instance-2" }),
      handled("a"),
      replied("a"),
      replied("b"),
    ],
  ],
  [
    "order-inversion",
    "messages of unknown outcome handled in another order by one session",
    [
      sent("a", 1),
      sent("b", 2),
      failed("a", "DELIVERY_UNKNOWN"),
      failed("b", "DELIVERY_UNKNOWN"),
      handled("b"),
      handled("a"),
    ],
  ],
  [
    "cross-talk",
    "an answer at another socket",
    [sent("a", 1), handled("a"), replied("a"), replied("a", "socket-2")],
  ],
  [
    "resurrection",
    "a handler after the close handlers",
    [opened, sent("a", 1), closed, handled("a"), replied("a")],
  ],
  ["phantom", "an answer to nothing", [replied("ghost")]],
  [
    "phantom",
    "a handler run for another socket",
    [sent("a", 1), replied("a"), handled("a", { socket: "socket-2" })],
  ],
  [
    "broken-denial",
    "a message handled although it was refused",
    [sent("a", 1), handled("a"), failed("a", "SERVICE_UNAVAILABLE")],
  ],
  ["private-handler", "a private handler", [sent("a", 1), handled("a", { isPrivate: true }), replied("a")]],
  ["double-close", "close handlers that run twice", [opened, closed, closed]],
  ["double-close", "a connection that ends twice", [disconnected, disconnected]],
  [
    "stale-pin",
    "an older session that goes on",
    [
      sent("a", 1),
      sent("b", 2),
      sent("c", 3),
      handled("a"),
      handled("b", { session: "session-2", instance: "instance-2" }),
      handled("c"),
      replied("a"),
      replied("b"),
      replied("c"),
    ],
  ],
];

test.each(faulty)("finds %s: %s", (kind, _name, events) => {
  expect(checkHistory(events, options).map((fault) => fault.kind)).toEqual([kind]);
});

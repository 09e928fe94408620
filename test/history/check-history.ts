import type { HistoryEvent } from "./history.ts";

/** The ways in which a gateway can break its word. */
export type HistoryFaultKind =
  /** A message with an id had no reply, no error and no close within the deadline. */
  | "silent-loss"
  /** A message was handled, or answered, more than once. */
  | "duplicate"
  /**
   * Messages of one socket were handled by one service in another order than they were sent. Over two sessions that
   * is allowed to those of which nobody was told that they had been handled: an instance that was given up for lost
   * may still handle what it had taken.
   */
  | "order-inversion"
  /** An answer reached a socket that did not ask. */
  | "cross-talk"
  /** A handler ran in a session whose close handlers had run. */
  | "resurrection"
  /** Something was handled or answered that nobody sent. */
  | "phantom"
  /** An error promised that a message was not handled, and it was. */
  | "broken-denial"
  /** A client's message started a private handler. */
  | "private-handler"
  /** Close handlers ran twice for a session, or a client saw its connection end twice. */
  | "double-close"
  /** A session went on handling messages after a later session of the same socket and service had begun to. */
  | "stale-pin";

export interface HistoryFault {
  readonly kind: HistoryFaultKind;
  /** What happened, naming sockets and messages. */
  readonly detail: string;
}

export interface CheckOptions {
  /** How long after sending an outcome may take, in milliseconds. */
  readonly outcomeWithinMs: number;
  /** When the run ended; messages sent later than `outcomeWithinMs` before it are judged all the same. */
  readonly endedAtMs: number;
}

type Sent = Extract<HistoryEvent, { type: "sent" }>;
type Handled = Extract<HistoryEvent, { type: "handled" }>;

/** Error codes after which a message may have been handled once; all others promise that it was not. */
const mayHaveBeenHandled = new Set([
  "DELIVERY_UNKNOWN",
  "INTERNAL",
  "TIMEOUT",
  "VALIDATION_FAILED",
  "SESSION_RESET",
]);

/** Judges a history: returns every fault found, none for a history that keeps all promises. */
export function checkHistory(
  events: readonly HistoryEvent[],
  options: CheckOptions,
): readonly HistoryFault[] {
  const faults: HistoryFault[] = [];
  const report = (kind: HistoryFaultKind, detail: string): void => {
    faults.push({ kind, detail });
  };
  const sent = indexSent(events);

  checkAnswers(events, sent, options, report);
  checkHandling(events, sent, report);
  checkSessions(events, sent, report);
  return faults;
}

type Report = (kind: HistoryFaultKind, detail: string) => void;

function indexSent(events: readonly HistoryEvent[]): ReadonlyMap<string, Sent> {
  const sent = new Map<string, Sent>();
  for (const event of events) if (event.type === "sent") sent.set(event.message, event);
  return sent;
}

/** What the clients saw: every question has exactly one outcome, in time, at the socket that asked. */
function checkAnswers(
  events: readonly HistoryEvent[],
  sent: ReadonlyMap<string, Sent>,
  { outcomeWithinMs, endedAtMs }: CheckOptions,
  report: Report,
): void {
  const outcomeAtMs = new Map<string, number>();
  const disconnectedAtMs = new Map<string, number>();
  for (const event of events) {
    if (event.type === "disconnected") {
      if (disconnectedAtMs.has(event.socket))
        report("double-close", `${event.socket} saw its connection end twice`);
      disconnectedAtMs.set(event.socket, event.atMs);
    } else if (event.type === "replied" || event.type === "failed") {
      const question = sent.get(event.message);
      if (question === undefined) {
        report("phantom", `${event.socket} received an answer to ${event.message}, which nobody sent`);
      } else if (question.socket !== event.socket) {
        report("cross-talk", `${event.socket} received the answer to ${event.message} of ${question.socket}`);
      } else if (outcomeAtMs.has(event.message)) {
        report("duplicate", `${event.message} of ${event.socket} was answered twice`);
      } else {
        outcomeAtMs.set(event.message, event.atMs);
      }
    }
  }
  for (const question of sent.values()) {
    if (!question.wantsOutcome) continue;
    const endMs = Math.min(
      outcomeAtMs.get(question.message) ?? Number.POSITIVE_INFINITY,
      disconnectedAtMs.get(question.socket) ?? Number.POSITIVE_INFINITY,
    );
    const deadlineMs = Math.min(question.atMs + outcomeWithinMs, Math.max(endedAtMs, question.atMs));
    if (endMs > deadlineMs) {
      report(
        "silent-loss",
        `${question.message} of ${question.socket} had no outcome within ${outcomeWithinMs} ms`,
      );
    }
  }
}

/** What the handlers saw: at most once, in order, only what was sent, nothing private, nothing denied. */
function checkHandling(
  events: readonly HistoryEvent[],
  sent: ReadonlyMap<string, Sent>,
  report: Report,
): void {
  const handled = new Set<string>();
  const lastNumber = new Map<string, number>();
  const doubtful = findDoubtful(events);
  for (const event of events) {
    if (event.type !== "handled") continue;
    const question = sent.get(event.message);
    if (event.isPrivate)
      report("private-handler", `${event.message} of ${event.socket} started a private handler`);
    if (question === undefined || question.socket !== event.socket) {
      report(
        "phantom",
        `${event.instance} handled ${event.message} for ${event.socket}, which did not send it`,
      );
      continue;
    }
    if (handled.has(event.message))
      report("duplicate", `${event.message} of ${event.socket} was handled twice`);
    handled.add(event.message);
    const doubt = doubtful.get(event.message);
    const stream = doubt === undefined ? `${event.socket} ${event.service}` : event.session;
    const previous = lastNumber.get(stream) ?? 0;
    if (question.number < previous && doubt !== "id") {
      report(
        "order-inversion",
        `${event.service} handled number ${question.number} of ${event.socket} after ${previous}`,
      );
    }
    for (const key of [event.session, `${event.socket} ${event.service}`]) {
      lastNumber.set(key, Math.max(lastNumber.get(key) ?? 0, question.number));
    }
  }
  for (const event of events) {
    if (event.type !== "failed" || mayHaveBeenHandled.has(event.code)) continue;
    if (handled.has(event.message))
      report("broken-denial", `${event.message} was refused with ${event.code}, yet handled`);
  }
}

/**
 * Messages of which nobody can tell whether or when they are handled: because nobody was told, or because an earlier
 * message of this kind has the same id.
 */
function findDoubtful(events: readonly HistoryEvent[]): ReadonlyMap<string, "outcome" | "id"> {
  const doubtful = new Map<string, "outcome" | "id">();
  for (const event of events) {
    if (event.type === "failed" && event.code === "DELIVERY_UNKNOWN") doubtful.set(event.message, "outcome");
    else if (event.type === "sent" && !event.wantsOutcome) doubtful.set(event.message, "outcome");
  }
  const doubtfulIds = new Set<string>();
  for (const event of events) {
    if (event.type !== "sent" || event.id === undefined) continue;
    const key = `${event.socket} ${event.service} ${event.id}`;
    if (doubtfulIds.has(key)) doubtful.set(event.message, "id");
    else if (doubtful.has(event.message)) doubtfulIds.add(key);
  }
  return doubtful;
}

/** What the sessions saw: closed once, silent afterwards, and one pin at a time. */
function checkSessions(
  events: readonly HistoryEvent[],
  sent: ReadonlyMap<string, Sent>,
  report: Report,
): void {
  const closed = new Set<string>();
  const handledBySession = new Map<string, Handled[]>();
  for (const event of events) {
    if (event.type === "closed") {
      if (closed.has(event.session)) report("double-close", `session ${event.session} was closed twice`);
      closed.add(event.session);
    } else if (event.type === "handled") {
      if (closed.has(event.session)) {
        report(
          "resurrection",
          `${event.message} was handled in session ${event.session} after it had closed`,
        );
      }
      const stream = `${event.socket} ${event.service}`;
      const list = handledBySession.get(stream) ?? [];
      list.push(event);
      handledBySession.set(stream, list);
    }
  }
  for (const [stream, list] of handledBySession) {
    const ended = new Set<string>();
    let current: string | undefined;
    const byNumber = list.toSorted(
      (a, b) => (sent.get(a.message)?.number ?? 0) - (sent.get(b.message)?.number ?? 0),
    );
    for (const event of byNumber) {
      if (event.session === current) continue;
      if (ended.has(event.session)) {
        report(
          "stale-pin",
          `${stream}: session ${event.session} handled ${event.message} after a later session had begun`,
        );
      }
      if (current !== undefined) ended.add(current);
      current = event.session;
    }
  }
}

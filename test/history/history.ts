/**
 * What clients and services saw during a run, as plain records in the order they were observed. A checker
 * judges it afterwards (see `check-history.ts`). Every message carries a token that is unique in the run and
 * that handlers echo, so that any answer can be traced to its question.
 */
export type HistoryEvent =
  /** A client sent a message. `number` counts per (socket, service) from 1. */
  | {
      readonly type: "sent";
      readonly atMs: number;
      readonly socket: string;
      readonly service: string;
      readonly message: string;
      readonly number: number;
      /** What the client called it, if it called it anything. Ids may be used again. */
      readonly id?: string | undefined;
      /** Whether the message carried an id and so must have a known outcome. */
      readonly wantsOutcome: boolean;
    }
  /** A client received an answer whose data names `message`. */
  | { readonly type: "replied"; readonly atMs: number; readonly socket: string; readonly message: string }
  /** A client received a coded error for `message`. */
  | {
      readonly type: "failed";
      readonly atMs: number;
      readonly socket: string;
      readonly message: string;
      readonly code: string;
    }
  /** A client saw its connection end. */
  | { readonly type: "disconnected"; readonly atMs: number; readonly socket: string; readonly status: number }
  /** An instance ran its open handlers for a socket. `session` is unique for each opening. */
  | {
      readonly type: "opened";
      readonly atMs: number;
      readonly service: string;
      readonly instance: string;
      readonly socket: string;
      readonly session: string;
    }
  /** A handler started. */
  | {
      readonly type: "handled";
      readonly atMs: number;
      readonly service: string;
      readonly instance: string;
      readonly socket: string;
      readonly session: string;
      readonly message: string;
      /** Whether the handler was bound as private. */
      readonly isPrivate: boolean;
    }
  /** An instance ran its close handlers for a session. */
  | { readonly type: "closed"; readonly atMs: number; readonly instance: string; readonly session: string }
  /** An instance was killed: its sessions end without close handlers. */
  | { readonly type: "killed"; readonly atMs: number; readonly instance: string };

/** Collects events. One recorder serves every client and service of a run. */
export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #listener: ((event: HistoryEvent) => void) | undefined;

  /** @param listener - Told of every event as it is recorded. */
  constructor(listener?: (event: HistoryEvent) => void) {
    this.#listener = listener;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  record(event: HistoryEvent): void {
    this.#events.push(event);
    this.#listener?.(event);
  }
}

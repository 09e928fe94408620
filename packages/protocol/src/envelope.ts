import type { WireErrorCode } from "./error-code.ts";

/** What an error answer carries on the wire: a stable code, a sentence for people, and never a stack. */
export interface WireError {
  /** One of {@link wireErrors}, or an application's own. */
  readonly code: WireErrorCode | (string & {});
  /** For people; may change. */
  readonly message: string;
  /** When trying again makes sense: how long to wait first, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whatever else the client can use. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * One client message, decoded. Every part is optional: a message without `path` answers a conversation,
 * one without `id` asks for no answer.
 */
export interface Envelope {
  /** Correlates an answer with its question. Never the empty string. */
  readonly id?: string | undefined;
  /** Where the message is routed to. Never the empty string. */
  readonly path?: string | undefined;
  /** Present (possibly `null`) when the sender put data in; the key is absent otherwise. */
  readonly data?: unknown;
  /** What the sender says about the message. Untrusted when the sender is a client. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** Set by `context.status` on answers. */
  readonly status?: number | undefined;
  /** Present on error answers instead of `data`. */
  readonly error?: WireError | undefined;
}

/** The two kinds of WebSocket data frame (RFC 6455 §5.6). */
export type MessageType = "text" | "binary";

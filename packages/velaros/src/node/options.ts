import type { IncomingMessage } from "node:http";
import type { ServerOptions as HttpsOptions } from "node:https";
import type { Runtime } from "velaros-protocol";
import type { Logger } from "../logger.ts";
import type { RefusalReason } from "./refusal.ts";

/** What {@link AttachOptions.authenticate} is given beside the request. */
export interface Handshake {
  /** Address of the client, `trustedProxies` taken into account. */
  readonly remoteAddress: string;
  /** Aborts when the client is gone or the time is up; stop asking databases then. */
  readonly signal: AbortSignal;
  /**
   * Ends the connection with 1008 at this moment, in milliseconds since 1970: when a token runs out.
   *
   * @throws `VELAROS_OPTION_INVALID` for what is no moment, such as `NaN`; the client is refused unless you catch it.
   */
  expiresAt(epochMs: number): void;
}

/**
 * Decides whether a client may connect, before the connection is upgraded. Returns facts about it that no
 * client can write (`{}` when there are none). Anything else than an object, or a throw, refuses with 401.
 */
export type Authenticate = (
  request: IncomingMessage,
  handshake: Handshake,
) =>
  | Readonly<Record<string, unknown>>
  | false
  | null
  | undefined
  | Promise<Readonly<Record<string, unknown>> | false | null | undefined>;

/** How an endpoint accepts WebSockets and what it lets them do. Every limit is on unless its text says otherwise. */
export interface AttachOptions {
  /**
   * Only upgrade requests for exactly this path are taken. Others are left to another `upgrade` listener of the
   * server, or refused with 404 when there is none.
   *
   * @defaultValue every path
   */
  readonly path?: string | undefined;
  /**
   * Pages of which origins may connect, beside pages from the same host and, on one machine, from loopback to
   * loopback. Case-insensitive, `*` stands for any run of characters except `/`. A pattern with `://` is compared
   * with scheme and host, any other with host and port: `["https://*.example.com", "localhost:3000"]`.
   * Requests without an Origin header (no browser) are always allowed; the origin `null` only when listed.
   *
   * @defaultValue `[]`
   */
  readonly origins?: readonly string[] | undefined;
  /** Runs before each upgrade. Without it everybody may connect. */
  readonly authenticate?: Authenticate | undefined;
  /**
   * How long {@link AttachOptions.authenticate} may take, in milliseconds; then 503.
   *
   * @defaultValue `5_000`
   */
  readonly authenticateTimeoutMs?: number | undefined;
  /**
   * How many `authenticate` calls may run at once; more are answered 503.
   *
   * @defaultValue `1_000`
   */
  readonly maxPendingAuthentications?: number | undefined;
  /**
   * Largest message that a client may send, in bytes; a larger one closes the connection with 1009.
   *
   * @defaultValue `1_048_576`
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * How many frames one message may come in; more close the connection with 1008.
   *
   * @defaultValue `1_024`
   */
  readonly maxFragments?: number | undefined;
  /**
   * How many pieces of a frame that has not arrived as a whole may lie in memory, as the network cut them; more close
   * the connection with 1008.
   *
   * @defaultValue `4_096`
   */
  readonly maxBufferedChunks?: number | undefined;
  /**
   * How many pongs may wait to be written to a client that pings; the next ping closes the connection with 1008. They are
   * written after what came in one piece, so this is also how many pings may come in one go.
   *
   * @defaultValue `16`
   */
  readonly maxPendingPongs?: number | undefined;
  /**
   * How many headers an upgrade request may have; more are answered 431.
   *
   * @defaultValue `100`
   */
  readonly maxHeaders?: number | undefined;
  /**
   * Time between pings, in milliseconds; `0` switches pings off.
   *
   * @defaultValue `25_000`
   */
  readonly pingIntervalMs?: number | undefined;
  /**
   * How long a client may stay silent after a ping, in milliseconds; then 1001 "ping timeout". `0` means as long as
   * the ping interval. Time in which this process itself stood still does not count.
   *
   * @defaultValue `10_000`
   */
  readonly pongTimeoutMs?: number | undefined;
  /**
   * How long a client that left a ping unanswered may take to answer the close frame, in milliseconds; then the
   * connection is cut.
   *
   * @defaultValue `1_000`
   */
  readonly pingTimeoutCutMs?: number | undefined;
  /**
   * How long a connection may go without a message in either direction, in milliseconds; then 1001. Pings don't count,
   * a message that is on its way does.
   *
   * @defaultValue `Infinity`
   */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * How long a connection may last, in milliseconds, give or take a tenth, so that clients that came together don't
   * come back together; then 1012. For deployments that spread clients anew from time to time.
   *
   * @defaultValue `Infinity`
   */
  readonly maxConnectionAgeMs?: number | undefined;
  /**
   * How long one frame may take to arrive once a ping has noticed it to be unfinished, in milliseconds; then 1008.
   *
   * @defaultValue `30_000`
   */
  readonly messageTimeoutMs?: number | undefined;
  /**
   * Sustained rate of messages and control frames per connection. Above it the connection is read more slowly; a
   * client that keeps exceeding it for {@link AttachOptions.ratePatienceMs} is closed with 1008. `Infinity` switches
   * the limit off.
   *
   * @defaultValue `1_000`
   */
  readonly messagesPerSecond?: number | undefined;
  /**
   * How many messages may come at once before {@link AttachOptions.messagesPerSecond} applies.
   *
   * @defaultValue twice `messagesPerSecond`
   */
  readonly messageBurst?: number | undefined;
  /**
   * Sustained rate of bytes per connection, treated as {@link AttachOptions.messagesPerSecond} is. What a client may
   * have on its way is bounded without it; this is for traffic that costs money. For one message a client is not read
   * for longer than {@link AttachOptions.ratePatienceMs}, so messages of more bytes than come in that time cost less than
   * they should. Counted where Node counts, on sockets of `node:net` and `node:tls`; other streams have no such limit.
   *
   * @defaultValue `Infinity`
   */
  readonly bytesPerSecond?: number | undefined;
  /**
   * How many bytes may come at once before {@link AttachOptions.bytesPerSecond} applies.
   *
   * @defaultValue four times `bytesPerSecond`
   */
  readonly byteBurst?: number | undefined;
  /**
   * How long a client may go on exceeding its rate whenever it is read, in milliseconds; then 1008. Counts from the end
   * of the first time that it is not read for it, which lasts no longer than this.
   *
   * @defaultValue `10_000`
   */
  readonly ratePatienceMs?: number | undefined;
  /**
   * When more than this waits to be sent to a client, in bytes, `send` returns a promise that resolves when the
   * client has caught up.
   *
   * @defaultValue `1_048_576`
   */
  readonly sendWaitsAboveBytes?: number | undefined;
  /**
   * When `send` is called although more than this waits, in bytes, the connection is closed with 1013.
   *
   * @defaultValue `4_194_304`
   */
  readonly maxBufferedBytes?: number | undefined;
  /**
   * How long a client may take nothing of what waits for it, in milliseconds; then 1013.
   *
   * @defaultValue `10_000`
   */
  readonly stallTimeoutMs?: number | undefined;
  /**
   * How long the handlers of a connection may keep it from being read, in milliseconds; then 1013.
   *
   * @defaultValue `30_000`
   */
  readonly pauseTimeoutMs?: number | undefined;
  /**
   * How long a client may take to answer a close frame, in milliseconds; then the connection is cut.
   *
   * @defaultValue `5_000`
   */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * How many connections may be open at once; more are answered 503.
   *
   * @defaultValue `16_000`, or 80 % of the limit on file descriptors if that is less
   */
  readonly maxConnections?: number | undefined;
  /**
   * How many connections one address may have open, or one network of 64 bits with IPv6; more are answered 429. Behind
   * a proxy set {@link AttachOptions.trustedProxies} too.
   *
   * @defaultValue `Infinity`
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * How many connections may be accepted per second; more are answered 503.
   *
   * @defaultValue `Infinity`
   */
  readonly maxAcceptsPerSecond?: number | undefined;
  /**
   * When memory is short, new clients are answered 503: above so many percent of what the heap may hold, counted after a
   * collection, or of {@link AttachOptions.maxProcessMemoryBytes}. From 1 to 100; `Infinity` switches this off.
   *
   * @defaultValue `80`
   */
  readonly refuseAboveMemoryPercent?: number | undefined;
  /**
   * When memory runs out, the connections for which most bytes wait are closed with 1013, one after the other: above so
   * many percent of the same limits. From 1 to 100; `Infinity` switches this off.
   *
   * @defaultValue `90`
   */
  readonly closeAboveMemoryPercent?: number | undefined;
  /**
   * How much memory the process may have in all, in bytes: with buffers outside of the heap, and with what its threads
   * and addons take. Several processes in one container have to share its limit here.
   *
   * @defaultValue what the container may have, or else the machine has
   */
  readonly maxProcessMemoryBytes?: number | undefined;
  /**
   * Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed.
   *
   * @defaultValue `[]`
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Told about clients that were refused, or closed for what they do, and about failing hooks; of each kind at most one
   * line in ten seconds, with the number of those that were left out. Pino-compatible.
   *
   * @defaultValue the router's logger
   */
  readonly logger?: Logger | undefined;
  /** Called for each client that is refused before it is connected; for counters. */
  readonly onRefused?: ((reason: RefusalReason) => void) | undefined;
  /** Closes the endpoint when it aborts, as `close()` does. */
  readonly signal?: AbortSignal | undefined;
  /** Clock, timers and random numbers; only tests replace them. */
  readonly runtime?: Runtime | undefined;
}

/** An endpoint with a server of its own. */
export interface ListenOptions extends AttachOptions {
  /** TCP port; `0` picks a free one. */
  readonly port: number;
  /**
   * Address to listen on.
   *
   * @defaultValue every address of the machine
   */
  readonly host?: string | undefined;
  /**
   * Key, certificate and the like, as for `https.createServer`: the endpoint then speaks `wss`, TLS 1.2 or later.
   * `requestCert` with `ca` asks clients for certificates.
   *
   * @defaultValue no TLS
   */
  readonly tls?: HttpsOptions | undefined;
  /**
   * How long a client may take to send its upgrade request, in milliseconds; then 408.
   *
   * @defaultValue `5_000`
   */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * How large the head of a request may be, in bytes; a larger one is answered 431.
   *
   * @defaultValue `16_384`
   */
  readonly maxHeaderBytes?: number | undefined;
}

/** How to close an endpoint. */
export interface CloseOptions {
  /**
   * Close code that the clients get.
   *
   * @defaultValue `1001`
   */
  readonly code?: number | undefined;
  /**
   * How long open connections may take to end, in milliseconds; then they are cut.
   *
   * @defaultValue `10_000`
   */
  readonly graceMs?: number | undefined;
}

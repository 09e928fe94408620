import { CloseCode } from "velaros-protocol";
import { WebSocket } from "ws";

/** What a connection wants to know of its WebSocket. None of these throws. */
export interface WebSocketListener {
  onMessage(bytes: Uint8Array, isBinary: boolean): void;
  /** A ping or pong came. `ws` has answered pings already. */
  onControl(): void;
  /** The peer's close frame came; it has to be answered with {@link DirectWebSocket.sendClose}. */
  onPeerClose(status: number, reason: string): void;
  /** What the peer sent violates RFC 6455 or a limit; it has to be told with {@link DirectWebSocket.sendClose}. */
  onViolation(status: number): void;
  /** The peer sent many pings in one go, or takes no pongs; this ping is not answered. */
  onPingFlood(): void;
  /** The connection is gone. */
  onGone(): void;
}

/**
 * The WebSocket of `ws`, with three doors changed. Its events arrive at one listener object, which saves five
 * closures per connection. The close frames that `ws` sends of its own accord pass by the listener, so that
 * messages that wait to be written go out first. And so do the connections that it would cut without a word.
 */
export class DirectWebSocket extends WebSocket {
  listener: WebSocketListener | undefined = undefined;

  /** Bytes of a message that has not arrived as a whole. */
  get partialBytes(): number {
    const { _receiver: receiver } = this as { readonly _receiver?: PartialMessage | null };
    return (receiver?._bufferedBytes ?? 0) + (receiver?._messageLength ?? 0);
  }

  /** Starts or answers the closing handshake; without a status the frame is empty. */
  sendClose(status?: number, reason?: string): void {
    super.close(status, reason);
  }

  /** `ws` calls it when a close frame came (reason as bytes, or nothing at all) or a violation was found (status only). */
  override close(status?: number, reason?: string | Buffer): void {
    if (this.listener === undefined) super.close(status, reason);
    else if (status === undefined) this.listener.onPeerClose(CloseCode.NO_STATUS, "");
    else if (reason === undefined) this.listener.onViolation(status);
    else this.listener.onPeerClose(status, reason.toString());
  }

  /** Ends the connection at once, without a close frame. */
  cut(): void {
    super.terminate();
  }

  /** `ws` calls it when more pongs wait to be written than may; for everything else there is {@link cut}. */
  override terminate(): void {
    if (this.listener === undefined) super.terminate();
    else this.listener.onPingFlood();
  }

  override emit(event: string | symbol, data?: unknown, isBinary?: unknown): boolean {
    const { listener } = this;
    if (listener === undefined) return super.emit(event, data, isBinary);
    if (event === "message") listener.onMessage(data as Uint8Array, isBinary as boolean);
    else if (event === "ping" || event === "pong") listener.onControl();
    else if (event === "close") listener.onGone();
    return true;
  }
}

/** What `ws` keeps of a message until all of it is there; it tells nobody. */
interface PartialMessage {
  /** Of the frame that is being read. */
  readonly _bufferedBytes?: number;
  /** Of the frames before it. */
  readonly _messageLength?: number;
}

import type { CloseSource, CloseStatus, MessageType } from "velaros-protocol";
import { CloseCode, isSendableCloseCode, truncateCloseReason } from "velaros-protocol";
import { harmless } from "velaros-protocol/internal";
import { ownCloses } from "../close-reasons.ts";
import type { ConnectionInfo, ConnectionInlet, ConnectionOutlet } from "../connection.ts";
import { VelarosError } from "../errors.ts";
import type { ConnectionHost } from "./connection-host.ts";
import { ConnectionWatch, isRoutine } from "./connection-watch.ts";
import type { DirectWebSocket, WebSocketListener } from "./direct-web-socket.ts";
import { binaryOpcode, textOpcode } from "./frame.ts";
import type { Beating } from "./heartbeat.ts";
import type { MemoryHolder } from "./memory-watch.ts";
import { Outbox } from "./outbox.ts";
import type { OwnedSocket, SocketOwner } from "./owned-socket.ts";
import { owner, socketEnded } from "./owned-socket.ts";
import { ReadPace } from "./read-pace.ts";
import { SendRoom } from "./send-room.ts";
import { bytesRead } from "./socket-progress.ts";
import type { TurnEnd } from "./turn.ts";

/** How long a peer has to answer its close frame when memory has run out. */
const outOfMemoryCutMs = 1_000;

/** More than this in one turn is written at once. */
const flushAtBytes = 64 * 1024;

const { protocolError, notUtf8, tooManyParts, tooBig } = ownCloses;
const violations = [protocolError, notUtf8, tooManyParts, tooBig];

/** One WebSocket, between `ws` and a router. */
export class WsConnection
  implements ConnectionOutlet, WebSocketListener, SocketOwner, Beating, TurnEnd, MemoryHolder
{
  bucket = -1;
  readonly info: ConnectionInfo;
  readonly #host: ConnectionHost;
  readonly #websocket: DirectWebSocket;
  readonly #socket: OwnedSocket;
  readonly #outbox: Outbox;
  #inlet: ConnectionInlet | undefined;

  #status = 0;
  #reason = "";
  #source: CloseSource = "client";
  /** The inlet knows that it is over. */
  #told = false;
  #closeSent = false;
  #peerClosed = false;
  #turnPending = false;

  #frames = 0;
  #pace: ReadPace | undefined;
  #pausedByRouter = false;
  #pausedByPace = false;

  #beatAtTick = -1;
  #framesAtBeat = 0;
  #bytesAtBeat = 0;
  #watch: ConnectionWatch | undefined;
  #room: SendRoom | undefined;

  constructor(host: ConnectionHost, websocket: DirectWebSocket, socket: OwnedSocket, info: ConnectionInfo) {
    this.#host = host;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.info = info;
    this.#bytesAtBeat = bytesRead(socket);
    websocket.listener = this;
    socket[owner] = this;
    socket.prependListener("end", socketEnded);
    host.heartbeat.add(this);
    if (host.limits.isTimed) this.#watchFromTheStart();
    // What the handshake took is behind it.
    if (host.settings.bytesPerSecond !== Infinity) this.#pace = new ReadPace(host, this);
  }

  /** Sets the other half, once it exists. */
  start(inlet: ConnectionInlet): void {
    this.#inlet = inlet;
  }

  /** Resolves when the close chain has run. */
  get finished(): Promise<void> {
    return this.#inlet?.finished ?? Promise.resolve();
  }

  // ---- What the router asks for.

  send(payload: Uint8Array | string, type: MessageType): void | Promise<void> {
    if (this.#closeSent) return this.#closedRejection();
    const { settings } = this.#host;
    if (this.#bufferedBytes > settings.maxBufferedBytes) {
      this.#giveUp(ownCloses.slowConsumer);
      return this.#closedRejection();
    }
    this.#outbox.add(payload, type === "text" ? textOpcode : binaryOpcode);
    if (this.#outbox.byteLength >= flushAtBytes) this.#flush();
    else this.#needTurn();
    if (this.#bufferedBytes <= settings.sendWaitsAboveBytes) return;
    return (this.#room ??= new SendRoom(this.#socket)).wait();
  }

  close(status: number, reason: string, source: CloseSource): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#recordEnd(status, reason, source);
    this.#flush();
    if (status === CloseCode.ABNORMAL || status === CloseCode.TLS_HANDSHAKE) {
      this.#websocket.cut();
    } else if (status === CloseCode.NO_STATUS) {
      this.#websocket.sendClose();
    } else if (isSendableCloseCode(status)) {
      this.#websocket.sendClose(status, truncateCloseReason(reason));
    } else {
      this.#websocket.sendClose(CloseCode.INTERNAL_ERROR, truncateCloseReason(reason));
    }
    // The answer to the close frame has to be read; messages in front of it are dropped.
    this.#websocket.resume();
    this.#failRoom();
  }

  pause(): void {
    if (this.#pausedByRouter || this.#closeSent) return;
    this.#pausedByRouter = true;
    this.#watching().pausedAtTick = this.#host.heartbeat.now;
    this.#applyPause();
  }

  resume(): void {
    if (!this.#pausedByRouter) return;
    this.#pausedByRouter = false;
    if (this.#watch !== undefined) this.#watch.pausedAtTick = undefined;
    this.#applyPause();
  }

  // ---- What this process decides.

  /** Ends the connection from this side; the router runs its close chain and then calls {@link close}. */
  end(status: number, reason: string, cutAfterMs: number = this.#host.settings.closeTimeoutMs): void {
    if (this.#told) return;
    const { heartbeat } = this.#host;
    this.#watching().cutAtTick = heartbeat.now + heartbeat.ticks(cutAfterMs);
    this.#tell(status, reason, "server");
  }

  /** Ends the connection at once, without a close frame. */
  cut(): void {
    this.#websocket.cut();
  }

  get heldBytes(): number {
    return this.#bufferedBytes + this.#websocket.partialBytes + (this.#inlet?.heldBytes ?? 0);
  }

  giveUpMemory(): void {
    if (this.#told || this.#closeSent) return;
    this.#giveUp(ownCloses.tooLittleMemory, outOfMemoryCutMs);
    // A close frame would have to wait behind what has to go.
    if (this.#socket.writableLength > 0) this.cut();
  }

  // ---- What the WebSocket reports.

  onMessage(bytes: Uint8Array, isBinary: boolean): void {
    this.#frames++;
    if (this.#told || this.#closeSent) return;
    this.#inlet?.message({ bytes, type: isBinary ? "binary" : "text" });
    this.#keepPace();
  }

  onControl(): void {
    this.#frames++;
    if (this.#watch !== undefined) this.#watch.controlFrames++;
    this.#keepPace();
  }

  onPeerClose(status: number, reason: string): void {
    if (this.#closeSent) {
      this.#websocket.sendClose(); // ends the handshake that we began
      return;
    }
    // Handlers of the messages in front of the close frame get the rest of this turn to answer.
    this.#peerClosed = true;
    this.#recordEnd(status, reason, "client");
    this.#needTurn();
  }

  onViolation(status: number): void {
    const reason = violations.find((violation) => violation.status === status)?.reason ?? "";
    this.#host.gaveUp(this.info, status, reason);
    this.#flush();
    this.#websocket.sendClose(status, reason);
    this.#closeSent = true;
    this.#tell(status, reason, "server");
  }

  /** The close frame lies behind the pongs: who takes none of them is cut when its time to close is over. */
  onPingFlood(): void {
    this.#giveUp(ownCloses.pingFlood);
  }

  onGone(): void {
    this.#host.heartbeat.delete(this);
    this.#pace?.stop();
    this.#tell(CloseCode.ABNORMAL, "", "client");
    this.#closeSent = true;
    this.#failRoom();
    this.#host.gone(this);
  }

  onEnd(): void {
    this.#finishTurn();
  }

  onDrain(): void {
    if (this.#bufferedBytes > this.#host.settings.sendWaitsAboveBytes) return;
    this.#room?.open();
    this.#room = undefined;
  }

  // ---- What time brings.

  endTurn(): void {
    this.#turnPending = false;
    this.#finishTurn();
  }

  beat(tick: number): void {
    if (this.#paused || this.#told) return;
    // An answer may take longer than the interval; the next ping waits for it, and for nothing else.
    if (this.#beatAtTick !== -1 && !this.#heardSinceBeat()) return;
    const read = bytesRead(this.#socket);
    if (read !== this.#bytesAtBeat && this.#frames === this.#framesAtBeat) {
      this.#watching().partial(tick, this.#frames);
    }
    this.#beatAtTick = tick;
    this.#framesAtBeat = this.#frames;
    this.#bytesAtBeat = read;
    this.#websocket.ping();
  }

  checkBeat(tick: number): void {
    if (this.#beatAtTick === -1 || tick - this.#beatAtTick < this.#host.limits.pongTicks) return;
    this.#beatAtTick = -1;
    if (this.#heardSinceBeat()) return;
    const { status, reason } = ownCloses.pingTimeout;
    this.end(status, reason, this.#host.settings.pingTimeoutCutMs);
  }

  #heardSinceBeat(): boolean {
    return this.#frames !== this.#framesAtBeat || bytesRead(this.#socket) !== this.#bytesAtBeat;
  }

  watch(tick: number): boolean {
    const watch = this.#watch;
    if (watch === undefined) return false;
    const { partialBytes } = this.#websocket;
    const verdict = watch.look(tick, this.#socket, this.#frames, partialBytes, this.#host.limits);
    if (verdict === "cut") this.cut();
    else if (verdict !== undefined && isRoutine(verdict)) this.end(verdict.status, verdict.reason);
    else if (verdict !== undefined) this.#giveUp(verdict);
    if (!watch.isOver) return true;
    this.#watch = undefined;
    return false;
  }

  /** Ends the connection with 1008 at this moment of the wall clock. */
  expireAt(epochMs: number): void {
    this.#watching().expiresAtMs = epochMs;
  }

  // ---- Inside.

  get #bufferedBytes(): number {
    return this.#outbox.byteLength + this.#socket.writableLength;
  }

  get #paused(): boolean {
    return this.#pausedByRouter || this.#pausedByPace;
  }

  #watching(): ConnectionWatch {
    this.#host.heartbeat.watch(this);
    return (this.#watch ??= new ConnectionWatch());
  }

  #watchFromTheStart(): void {
    const { heartbeat, runtime, settings } = this.#host;
    const ageMs = settings.maxConnectionAgeMs * (0.9 + runtime.random() / 5);
    this.#watching().fromTheStart(heartbeat.now, heartbeat.now + heartbeat.ticks(ageMs));
  }

  #needTurn(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    this.#host.turn.add(this);
  }

  #finishTurn(): void {
    this.#flush();
    if (!this.#peerClosed || this.#closeSent) return;
    this.#closeSent = true;
    if (this.#status === CloseCode.NO_STATUS) this.#websocket.sendClose();
    else this.#websocket.sendClose(this.#status, this.#reason);
    this.#tell(this.#status, this.#reason, "client");
  }

  #flush(): void {
    if (this.#watch !== undefined && this.#outbox.byteLength > 0) this.#watch.flushes++;
    this.#outbox.flush();
    if (this.#socket.writableNeedDrain) this.#watching();
  }

  #failRoom(): void {
    this.#room?.fail(this.#closedError());
    this.#room = undefined;
  }

  #closedRejection(): Promise<void> {
    return harmless(Promise.reject(this.#closedError()));
  }

  #closedError(): VelarosError {
    return new VelarosError("VELAROS_SOCKET_CLOSED", {
      action: "send",
      status: this.#status,
      reason: this.#reason,
    });
  }

  /** Ends a connection that goes beyond what it may. */
  #giveUp({ status, reason }: CloseStatus, cutAfterMs?: number): void {
    if (!this.#told) this.#host.gaveUp(this.info, status, reason);
    this.end(status, reason, cutAfterMs);
  }

  /** The first end counts. */
  #recordEnd(status: number, reason: string, source: CloseSource): void {
    if (this.#status !== 0) return;
    this.#status = status;
    this.#reason = reason;
    this.#source = source;
  }

  #tell(status: number, reason: string, source: CloseSource): void {
    this.#recordEnd(status, reason, source);
    if (this.#told || this.#inlet === undefined) return;
    this.#told = true;
    this.#inlet.closed(this.#status, this.#reason, this.#source);
  }

  #keepPace(): void {
    if (this.#frames % this.#host.limits.messagesPerLook !== 0) return;
    this.#pace ??= new ReadPace(this.#host, this);
    this.#pace.look();
  }

  /** For the pace. */
  get bytesRead(): number {
    return bytesRead(this.#socket);
  }

  /** Called by the pace: stop or go on reading. */
  slowDown(stop: boolean): void {
    this.#pausedByPace = stop;
    if (this.#watch !== undefined) this.#watch.pausedByPace = stop;
    this.#applyPause();
  }

  /** Called by the pace: the client does not heed back-pressure. */
  rateExceeded(): void {
    if (this.#told) return;
    if (this.#inlet !== undefined) this.#host.rateLimited(this.#inlet);
    this.#giveUp(ownCloses.rateLimit);
  }

  #applyPause(): void {
    if (this.#paused && !this.#closeSent) {
      this.#beatAtTick = -1; // pongs would not be read
      this.#websocket.pause();
    } else if (this.#websocket.isPaused) {
      this.#websocket.resume();
    }
  }
}

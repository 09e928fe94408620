import type { Socket } from "velaros";
import type { Runtime } from "velaros-protocol";
import { EdgeSocket } from "./edge-socket.ts";

/** All client connections of a gateway, from their open chain to their close chain. */
export class EdgeSockets {
  /** Sockets that are not read because a service has no room for them, with the time since when. */
  readonly waiting: Map<EdgeSocket, number> = new Map();
  readonly #sockets = new Map<Socket, EdgeSocket>();
  readonly #runtime: Runtime;
  #emptied: (() => void) | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Every connection that is open now; safe to change while walking. */
  all(): readonly EdgeSocket[] {
    return [...this.#sockets.values()];
  }

  /** What is known of this connection. A closed one stays unknown: nothing would ever remove it again. */
  of(socket: Socket): EdgeSocket | undefined {
    return this.#sockets.get(socket) ?? this.add(socket);
  }

  add(socket: Socket): EdgeSocket | undefined {
    if (socket.closed) return undefined;
    const edge = new EdgeSocket(socket, this.waiting, this.#runtime);
    this.#sockets.set(socket, edge);
    return edge;
  }

  remove(socket: Socket): EdgeSocket | undefined {
    const edge = this.#sockets.get(socket);
    if (edge === undefined) return undefined;
    this.#sockets.delete(socket);
    this.waiting.delete(edge);
    if (this.#sockets.size === 0) {
      this.#emptied?.();
      this.#emptied = undefined;
    }
    return edge;
  }

  /** Calls back once there is no connection left: at once if there is none now. */
  whenEmpty(callback: () => void): void {
    if (this.#sockets.size === 0) callback();
    else this.#emptied = callback;
  }
}

import type { CloseSource } from "velaros-protocol";
import type { ConnectionInlet, InboundMessage } from "../connection.ts";
import type { RouterSocket } from "./router-socket.ts";

/** What whoever brought the connection holds of its socket. */
export class SocketInlet implements ConnectionInlet {
  readonly socket: RouterSocket;

  constructor(socket: RouterSocket) {
    this.socket = socket;
  }

  get socketId(): string {
    return this.socket.id;
  }

  get busy(): boolean {
    return this.socket.reader.busy;
  }

  get heldBytes(): number {
    return this.socket.reader.heldBytes;
  }

  message(message: InboundMessage): void {
    this.socket.reader.receive(message);
  }

  closed(status: number, reason: string, source: CloseSource): void {
    this.socket.ended({ status, reason, source });
  }

  get finished(): Promise<void> {
    return this.socket.finished;
  }
}

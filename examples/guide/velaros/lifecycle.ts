// Members of a room: who comes, who goes, and a word to all of them from outside of any handler.
import { Router } from "velaros";
import type { Socket } from "velaros";
import { json } from "velaros/json";

export class Room {
  readonly #members = new Set<Socket>();

  readonly router: Router = new Router()
    .use(json())
    .useOpen((ctx) => {
      // Runs before the first message. What it throws closes the connection with 1011.
      if (this.#members.size >= 100) return ctx.closeWithStatus(4003, "room is full");
      this.#members.add(ctx.socket);
      return ctx.push({ welcome: this.#members.size }, { path: "/room" });
    })
    .useClose((ctx) => {
      // Runs once, however the connection ended.
      this.#members.delete(ctx.socket);
      const { status, reason, source } = ctx.closeStatus();
      this.announce({ left: ctx.socketId, status, reason, by: source });
    })
    .bind("/leave", (ctx) => ctx.closeWithStatus(4000, "bye"));

  announce(news: object): void {
    for (const socket of this.#members) void socket.push(news, { path: "/room" });
  }
}

import type { Socket } from "velaros";

/** Somebody in a room. */
export interface Member {
  readonly username: string;
  readonly room: string;
  readonly socket: Socket;
}

/** Who is in which room of this process. A socket may be kept as long as its connection lives. */
export class Rooms {
  readonly #rooms = new Map<string, Set<Member>>();

  join(member: Member): void {
    const members = this.#rooms.get(member.room) ?? new Set();
    members.add(member);
    this.#rooms.set(member.room, members);
    this.#showPeople(member.room);
  }

  leave(member: Member): void {
    const members = this.#rooms.get(member.room);
    if (members === undefined || !members.delete(member)) return;
    if (members.size === 0) this.#rooms.delete(member.room);
    else this.#showPeople(member.room);
  }

  /** Sends to everybody in the room. Nobody waits for a slow reader; one that lags too far behind is closed by its limits. */
  send(room: string, path: string, data: object): void {
    for (const { socket } of this.#rooms.get(room) ?? []) {
      socket.push(data, { path }).catch(() => undefined); // it left meanwhile; its close handler takes it off the list
    }
  }

  #showPeople(room: string): void {
    const people = Array.from(this.#rooms.get(room) ?? [], (member) => member.username);
    this.send(room, "/chat/people", { room, people });
  }
}

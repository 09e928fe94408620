import type { Runtime } from "velaros-protocol";

/** Something that collects work during a turn of the event loop and does it at the end. */
export interface TurnEnd {
  /** Does not throw. */
  endTurn(): void;
}

/** Longer queues are taken in slices, so that a message to very many clients does not hold up the others. */
const sliceLength = 512;

/** Calls back at the end of the current turn: after all input that was ready has been taken, before the next wait. */
export class Turn {
  readonly #runtime: Runtime;
  #waiting: TurnEnd[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The caller sees to it that it is not added twice. */
  add(member: TurnEnd): void {
    if (this.#waiting.push(member) === 1) this.#runtime.defer(this.#end);
  }

  readonly #end = (): void => {
    const due = this.#waiting;
    this.#waiting = due.length > sliceLength ? due.splice(sliceLength) : [];
    if (this.#waiting.length > 0) this.#runtime.defer(this.#end);
    for (const member of due) member.endTurn();
  };
}

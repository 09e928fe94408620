import type { MessageChain } from "../chain/message-chain.ts";
import type { Step } from "../chain/message-node.ts";
import { VelarosError } from "../errors.ts";
import type { WaitOptions } from "../socket.ts";
import type { Conversation, Participant } from "./conversation.ts";
import type { Delivered } from "./delivered.ts";
import { Waiter } from "./waiter.ts";
import type { WaiterHooks, WaitingRoom } from "./waiter.ts";

/** A message in the chain of one router, as far as a conversation has to know its way. */
export interface Way {
  readonly chain: MessageChain | undefined;
  /** The message in the router in which this one is a handler. */
  readonly parent: Way | undefined;
  /** The handler that runs there. */
  readonly step: Step | undefined;
}

/** A handler that may wait: the context it was given and its place in that context's chain. */
export interface Position {
  readonly context: Way;
  readonly step: Step;
}

/** What somebody waits for, and what is wrong when it does not come. */
export type Expectation = Pick<WaiterHooks, "mayBeEmpty" | "timedOut">;

/** A message that reached a busy handler: waits until it is asked for, or the handler ends. */
interface Parked {
  readonly message: Delivered;
  readonly settle: (outcome: "delivered" | "released") => void;
}

/** Where one handler gets the further messages of one conversation; or the asker of a question outside of any handler. */
export class Inbox {
  readonly conversation: Conversation;
  readonly owner: Participant | undefined;
  /** Follow-ups without a path are routed by this one. */
  readonly path: string;
  readonly #socket: WaitingRoom;
  readonly #position: Position | undefined;
  #waiters: Waiter[] = [];
  #parked: Parked[] = [];
  /** What somebody waited for may still come. */
  #hasGivenUp = false;

  constructor(
    socket: WaitingRoom,
    conversation: Conversation,
    place: { readonly owner?: Participant; readonly position?: Position; readonly path: string },
  ) {
    this.#socket = socket;
    this.conversation = conversation;
    this.owner = place.owner;
    this.path = place.path;
    this.#position = place.position;
    conversation.addInbox(this);
  }

  get awaited(): boolean {
    return this.#waiters.length > 0;
  }

  /** Whether the next message with this id can only be the answer to what is asked now. */
  get isFresh(): boolean {
    return !this.#hasGivenUp && this.#waiters.length === 0 && this.#parked.length === 0;
  }

  /** Whether the answer is for somebody outside of any handler. */
  get direct(): boolean {
    return this.#position === undefined;
  }

  /** Whether a message that is about to be handled there has come to the handler that waits here. */
  isAt(context: Way, step: Step): boolean {
    return this.#position?.step === step && cameTheSameWay(this.#position.context, context);
  }

  /** Whether the handler that waits here is one of `steps`, or lies in a router that is one of them. */
  isBehind(context: Way, steps: readonly Step[]): boolean {
    let here = this.#position?.context;
    let step = this.#position?.step;
    while (here !== undefined && here.chain !== context.chain) {
      here = here.parent;
      step = here?.step;
    }
    return here !== undefined && step !== undefined && steps.includes(step) && cameTheSameWay(here, context);
  }

  /** Hands in a message; one that nobody waits for now is kept, and "released" when the handler ended without taking it. */
  offer(message: Delivered): "delivered" | Promise<"delivered" | "released"> {
    const waiter = this.#waiters[0];
    if (waiter !== undefined) {
      if (message.data !== undefined || waiter.mayBeEmpty) waiter.deliver(message);
      return "delivered";
    }
    return new Promise((settle) => {
      this.#parked.push({ message, settle });
    });
  }

  /** The next message, at once if one is kept. */
  wait(options: WaitOptions | undefined, { mayBeEmpty, timedOut }: Expectation): Promise<Delivered> {
    for (let parked = this.#parked.shift(); parked !== undefined; parked = this.#parked.shift()) {
      parked.settle("delivered");
      if (parked.message.data !== undefined || mayBeEmpty) return Promise.resolve(parked.message);
    }
    const waiter = new Waiter(this.#socket, options, {
      mayBeEmpty,
      timedOut,
      ended: (delivered) => {
        if (!delivered) this.#hasGivenUp = true;
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        this.owner?.waitEnds();
      },
    });
    this.#waiters.push(waiter);
    this.owner?.waitBegins();
    return waiter.promise;
  }

  /** The handler has ended: nobody takes messages here any more. */
  close(): void {
    for (const waiter of this.#waiters) {
      waiter.fail(new VelarosError("VELAROS_CONTEXT_FINISHED", { action: "receive", path: this.path }));
    }
    for (const parked of this.#parked) parked.settle("released");
    this.#parked = [];
    this.conversation.removeInbox(this);
    if (this.owner?.inboxes !== undefined) {
      this.owner.inboxes = this.owner.inboxes.filter((inbox) => inbox !== this);
    }
  }
}

/** Whether both contexts belong to the same router at the same mount. */
function cameTheSameWay(one: Way, other: Way): boolean {
  let here = one.parent;
  let there = other.parent;
  while (here !== undefined && there !== undefined) {
    if (here.step !== there.step) return false;
    here = here.parent;
    there = there.parent;
  }
  return here === there;
}

import { EurusError } from "./errors.ts";

/** What a gateway or service is doing. */
export type LifecycleState = "stopped" | "starting" | "running" | "stopping";

/** What {@link Lifecycle} drives. */
export interface LifecycleOwner {
  readonly kind: "gateway" | "service";
  readonly name: string;
  /** Binds everything; on a rejection everything is released again by {@link LifecycleOwner.halt}. */
  launch(): Promise<void>;
  /** Ends what was begun, politely. */
  halt(): Promise<void>;
  /** Releases whatever a failed launch has bound. */
  abandon(): void;
}

/** Start and stop that can be called in any order, any number of times, by anybody. */
export class Lifecycle {
  readonly #owner: LifecycleOwner;
  #state: LifecycleState = "stopped";
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #onStopped: (() => void)[] = [];

  constructor(owner: LifecycleOwner) {
    this.#owner = owner;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  async start(): Promise<void> {
    const { kind, name } = this.#owner;
    if (this.#state !== "stopped") {
      throw new EurusError("EURUS_ALREADY_STARTED", { kind, name, state: this.#state });
    }
    this.#state = "starting";
    this.#starting = this.#launch();
    await this.#starting;
  }

  /** Harmless before a start, twice, and while starting. Never rejects. */
  stop(): Promise<void> {
    if (this.#state === "stopped") return Promise.resolve();
    this.#stopping ??= this.#halt();
    return this.#stopping;
  }

  /** Resolves at the next end of a stop. */
  untilStopped(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped.push(resolve);
    });
  }

  async #launch(): Promise<void> {
    const { kind, name } = this.#owner;
    try {
      await this.#owner.launch();
      this.#state = "running";
    } catch (cause) {
      this.#owner.abandon();
      this.#state = "stopped";
      throw new EurusError("EURUS_START_FAILED", { kind, name }, { cause });
    }
  }

  async #halt(): Promise<void> {
    if (this.#state === "running") this.#state = "stopping";
    try {
      await this.#starting;
      this.#state = "stopping";
      await this.#owner.halt();
    } catch {
      // A failed start was reported to whoever called it, and left nothing to stop.
    } finally {
      this.#state = "stopped";
      this.#stopping = undefined;
      for (const resolve of this.#onStopped.splice(0)) resolve();
    }
  }
}

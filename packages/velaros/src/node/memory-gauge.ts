/** How much of a kind of memory is taken, and how much there may be. */
export interface MemoryUse {
  readonly usedBytes: number;
  /** With what is kept for later, which counts as well when it comes to the limit. */
  readonly keptBytes?: number;
  readonly limitBytes: number;
}

/** From where on something has to be done, in percent of the limit. */
export interface MemoryMarks {
  readonly refuseAboveMemoryPercent: number;
  readonly closeAboveMemoryPercent: number;
}

/** A state that was entered above a mark is left below this part of it, so that it does not come and go. */
const easing = 15 / 16;
/** Above this part of the mark it has to be looked at more often. */
const nearby = 3 / 4;

/** What has to be done about one kind of memory, judged by the last time that somebody looked. */
export class MemoryGauge {
  readonly #marks: MemoryMarks;
  #use: MemoryUse | undefined;
  #refuses = false;
  #closes = false;

  constructor(marks: MemoryMarks) {
    this.#marks = marks;
  }

  /** What was seen last; undefined when that says nothing any more. */
  get use(): MemoryUse | undefined {
    return this.#use;
  }

  /** New clients have to wait. */
  get refuses(): boolean {
    return this.#refuses;
  }

  /** It may not take long until something has to be done. */
  get isNear(): boolean {
    if (this.#use === undefined) return false;
    const { refuseAboveMemoryPercent, closeAboveMemoryPercent } = this.#marks;
    const lowest = Math.min(refuseAboveMemoryPercent, closeAboveMemoryPercent);
    return this.#use.usedBytes > bytesAt(lowest, this.#use) * nearby;
  }

  /** How much has to be given back now. */
  get excessBytes(): number {
    if (this.#use === undefined || !this.#closes) return 0;
    return this.#use.usedBytes - bytesAt(this.#marks.closeAboveMemoryPercent, this.#use) * easing;
  }

  /** So much would have to be garbage for new clients to come. */
  get refusedForBytes(): number {
    if (this.#use === undefined || !this.#refuses) return 0;
    // A byte more than needed, because the mark need not be a whole number.
    return this.#use.usedBytes - bytesAt(this.#marks.refuseAboveMemoryPercent, this.#use) * easing + 1;
  }

  /** @param garbageBytes - So much of it is not held against new clients. */
  see(use: MemoryUse, garbageBytes: number = 0): void {
    const { usedBytes, keptBytes = usedBytes } = use;
    const refuseAbove = bytesAt(this.#marks.refuseAboveMemoryPercent, use);
    const closeAbove = bytesAt(this.#marks.closeAboveMemoryPercent, use);
    this.#use = use;
    this.#refuses = usedBytes - garbageBytes > refuseAbove * (this.#refuses ? easing : 1);
    this.#closes = keptBytes > closeAbove * (this.#closes ? easing : 1);
  }

  forget(): void {
    this.#use = undefined;
    this.#refuses = false;
    this.#closes = false;
  }
}

function bytesAt(percent: number, { limitBytes }: MemoryUse): number {
  return (limitBytes * percent) / 100;
}

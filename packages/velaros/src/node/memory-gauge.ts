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

  /** It may not take long until new clients have to wait. */
  get isNear(): boolean {
    if (this.#use === undefined) return false;
    const { usedBytes, limitBytes } = this.#use;
    return (usedBytes / limitBytes) * 100 > this.#marks.refuseAboveMemoryPercent * nearby;
  }

  /** How much has to be given back now. */
  get excessBytes(): number {
    if (this.#use === undefined || !this.#closes) return 0;
    const { usedBytes, limitBytes } = this.#use;
    return usedBytes - (limitBytes * this.#marks.closeAboveMemoryPercent * easing) / 100;
  }

  /** Below this new clients may come again. */
  get freeBelowBytes(): number {
    return ((this.#use?.limitBytes ?? Infinity) * this.#marks.refuseAboveMemoryPercent * easing) / 100;
  }

  /** @param garbageBytes - So much of it is not held against new clients. */
  see(use: MemoryUse, garbageBytes: number = 0): void {
    const percent = 100 / use.limitBytes;
    const { refuseAboveMemoryPercent, closeAboveMemoryPercent } = this.#marks;
    this.#use = use;
    const lived = (use.usedBytes - garbageBytes) * percent;
    this.#refuses = lived > refuseAboveMemoryPercent * (this.#refuses ? easing : 1);
    const most = (use.keptBytes ?? use.usedBytes) * percent;
    this.#closes = most > closeAboveMemoryPercent * (this.#closes ? easing : 1);
  }

  forget(): void {
    this.#use = undefined;
    this.#refuses = false;
    this.#closes = false;
  }
}

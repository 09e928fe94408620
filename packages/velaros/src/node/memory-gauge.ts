/** How much of a kind of memory is taken, and how much there may be. */
export interface MemoryUse {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** From where on something has to be done, in percent of the limit. */
export interface MemoryMarks {
  readonly refuseAboveMemoryPercent: number;
  readonly closeAboveMemoryPercent: number;
}

/** A state that was entered above a mark is left below this part of it, so that it does not come and go. */
const easing = 15 / 16;

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

  /** How much has to be given back now. */
  get excessBytes(): number {
    if (this.#use === undefined || !this.#closes) return 0;
    const { usedBytes, limitBytes } = this.#use;
    return usedBytes - (limitBytes * this.#marks.closeAboveMemoryPercent * easing) / 100;
  }

  see(use: MemoryUse): void {
    const percent = (use.usedBytes / use.limitBytes) * 100;
    const { refuseAboveMemoryPercent, closeAboveMemoryPercent } = this.#marks;
    this.#use = use;
    this.#refuses = percent > refuseAboveMemoryPercent * (this.#refuses ? easing : 1);
    this.#closes = percent > closeAboveMemoryPercent * (this.#closes ? easing : 1);
  }

  forget(): void {
    this.#use = undefined;
    this.#refuses = false;
    this.#closes = false;
  }
}

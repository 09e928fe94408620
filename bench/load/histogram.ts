const bucketsPerOctave = 64;
const subBits = 6;

/**
 * Counts durations in buckets that are at most 1.6 % wide, in the manner of HdrHistogram: recording is one
 * increment, whatever the number of values.
 */
export class Histogram {
  readonly #counts = new Uint32Array(bucketsPerOctave * 28);
  #total = 0;

  record(micros: number): void {
    const tenths = micros <= 0 ? 0 : micros >= 2e8 ? 2e9 : Math.round(micros * 10);
    const index = bucketOf(tenths);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The value below which this share (0 … 1) of the recorded ones lies, in microseconds; NaN when empty. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return middleOf(index) / 10;
    }
    return Number.NaN;
  }
}

function bucketOf(value: number): number {
  if (value < 2 * bucketsPerOctave) return value;
  const octave = 31 - Math.clz32(value) - subBits;
  return octave * bucketsPerOctave + (value >>> octave);
}

function middleOf(index: number): number {
  if (index < 2 * bucketsPerOctave) return index;
  const octave = Math.floor(index / bucketsPerOctave) - 1;
  return (index - octave * bucketsPerOctave + 0.5) * 2 ** octave;
}

/** Milliseconds since 1970, in fractions and without jumps: the same for all processes of a machine. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}

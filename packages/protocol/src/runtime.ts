/** A timer that can be called off. */
export interface Timer {
  /** Calls the timer off. Harmless after it fired, and twice. */
  cancel(): void;
}

/**
 * Everything that is not a pure function: time, timers, deferral and random numbers. All code that needs
 * one of these is handed a `Runtime`, so that a simulation can run whole fleets in virtual time from a seed.
 */
export interface Runtime {
  /** Monotonic time in milliseconds; its zero means nothing. */
  nowMs(): number;
  /** Calls `callback` once after `delayMs`. The timer does not keep a process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` when the input that is ready in this turn of the event loop has been taken (`setImmediate`). */
  defer(callback: () => void): void;
  /** A number in [0, 1). Not for secrets. */
  random(): number;
  /** A random version 4 UUID (RFC 9562) from a cryptographic source. */
  randomUuid(): string;
  /** `length` random characters of a–z and 0–9 from a cryptographic source. */
  randomToken(length: number): string;
}

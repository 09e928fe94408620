interface Window {
  /** Consumed, and not yet granted back. */
  consumedBytes: number;
  /** Granted back on arrival already, because the body was too large to wait for its consumption. */
  prepaidBytes: number;
  /** Client messages of this pin that have arrived. */
  messages: number;
}

/** The receiving half of flow control: which pins exist, and what their senders may be granted again. */
export class ReceiveWindows {
  readonly #grantBytes: number;
  readonly #pins = new Map<number, Window>();

  constructor(windowBytes: number) {
    this.#grantBytes = windowBytes / 2;
  }

  add(pin: number): void {
    this.#pins.set(pin, { consumedBytes: 0, prepaidBytes: 0, messages: 0 });
  }

  has(pin: number): boolean {
    return this.#pins.has(pin);
  }

  /** Counts one more client message; returns its number. */
  countMessage(pin: number): number {
    const window = this.#pins.get(pin);
    return window === undefined ? 0 : ++window.messages;
  }

  /** This many bytes were granted before they are consumed. */
  prepay(pin: number, bytes: number): void {
    const window = this.#pins.get(pin);
    if (window !== undefined) window.prepaidBytes += bytes;
  }

  hasPrepaid(pin: number): boolean {
    return (this.#pins.get(pin)?.prepaidBytes ?? 0) > 0;
  }

  /** Returns how many bytes to grant to the sender now; 0 until half of the window was consumed. */
  consumed(pin: number, bytes: number): number {
    const window = this.#pins.get(pin);
    if (window === undefined) return 0;
    const prepaid = Math.min(bytes, window.prepaidBytes);
    window.prepaidBytes -= prepaid;
    window.consumedBytes += bytes - prepaid;
    if (window.consumedBytes < this.#grantBytes) return 0;
    const granted = window.consumedBytes;
    window.consumedBytes = 0;
    return granted;
  }

  release(pin: number): void {
    this.#pins.delete(pin);
  }
}

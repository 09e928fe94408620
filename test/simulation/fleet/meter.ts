import { performance } from "node:perf_hooks";
import { cpuUsage } from "node:process";
import type { Runtime } from "velaros-protocol";

import type { Packet, Transport, Unsubscribe } from "../../../packages/eurus/src/transport/transport.ts";
import { WrappedTransport } from "../../support/wrapped-transport.ts";

/** What discovery costs one process. */
export class Meter {
  sentMessages = 0;
  sentBytes = 0;
  heardMessages = 0;
  heardBytes = 0;
  /** Real time, though everything happens in virtual time; see {@link startRunningShare}. */
  cpuMs = 0;

  reset(): void {
    this.sentMessages = 0;
    this.sentBytes = 0;
    this.heardMessages = 0;
    this.heardBytes = 0;
    this.cpuMs = 0;
  }

  /** A function that charges this process for the time it takes. */
  charged<Arguments extends readonly unknown[]>(
    run: (...words: Arguments) => void,
  ): (...words: Arguments) => void {
    return (...words) => {
      const startedMs = performance.now();
      run(...words);
      this.cpuMs += performance.now() - startedMs;
    };
  }

  /** The runtime of a process, whose timers are charged to it. */
  runtime(runtime: Runtime): Runtime {
    return {
      ...runtime,
      setTimer: (delayMs, callback) => runtime.setTimer(delayMs, this.charged(callback)),
      defer: (callback) => runtime.defer(this.charged(callback)),
    };
  }
}

/**
 * Tells, when called, which part of the time since then this process was running: on a machine that has other things
 * to do, time that was measured by the clock has to be multiplied by it.
 */
export function startRunningShare(): () => number {
  const before = cpuUsage();
  const startedMs = performance.now();
  return () => {
    const { user, system } = cpuUsage(before);
    return Math.min(1, (user + system) / 1_000 / (performance.now() - startedMs));
  };
}

/** A transport that counts what passes. */
export class MeteredTransport extends WrappedTransport {
  readonly #meter: Meter;

  constructor(bus: Transport, meter: Meter) {
    super(bus);
    this.#meter = meter;
  }

  override publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    this.#meter.sentMessages += 1;
    if (payload instanceof Uint8Array) this.#meter.sentBytes += payload.byteLength;
    super.publish(subject, payload, undeliverableSubject);
  }

  override subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    const charged = this.#meter.charged(handler);
    return super.subscribe(subject, (packet) => {
      this.#meter.heardMessages += 1;
      if (packet.payload instanceof Uint8Array) this.#meter.heardBytes += packet.payload.byteLength;
      charged(packet);
    });
  }
}

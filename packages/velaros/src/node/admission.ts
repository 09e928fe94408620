import { TokenBucket } from "velaros-protocol/internal";
import { countedAddress } from "./client-address.ts";
import type { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Keeps the number of connections, the number per address and the rate of new ones within their limits, and the memory. */
export class Admission {
  readonly #settings: Settings;
  readonly #memory: { readonly isShort: boolean };
  readonly #accepts: TokenBucket | undefined;
  readonly #perAddress: Map<string, number> | undefined;
  #size = 0;

  /** @param memory - Whether there is enough for more. */
  constructor(settings: Settings, memory: { readonly isShort: boolean }) {
    const { maxAcceptsPerSecond, maxConnectionsPerAddress, runtime } = settings;
    this.#settings = settings;
    this.#memory = memory;
    if (maxAcceptsPerSecond !== Infinity) {
      this.#accepts = new TokenBucket(maxAcceptsPerSecond, Math.max(1, maxAcceptsPerSecond), runtime.nowMs());
    }
    if (maxConnectionsPerAddress !== Infinity) this.#perAddress = new Map();
  }

  /** Takes a place, to be given back with {@link leave}, or says why there is none. */
  enter(address: string): Refusal | undefined {
    if (this.#size >= this.#settings.maxConnections) {
      return this.#full("TOO_MANY_CONNECTIONS", 503, "The server has as many connections as it can take.");
    }
    if (this.#memory.isShort) {
      return this.#full("TOO_LITTLE_MEMORY", 503, "The server has too little memory for more clients.");
    }
    const counted = this.#perAddress === undefined ? address : countedAddress(address);
    const ofAddress = this.#perAddress?.get(counted) ?? 0;
    if (ofAddress >= this.#settings.maxConnectionsPerAddress) {
      return this.#full("TOO_MANY_CONNECTIONS_OF_ADDRESS", 429, "Your address has too many connections.");
    }
    if (this.#accepts?.tryTake(this.#settings.runtime.nowMs()) === false) {
      return this.#full("TOO_MANY_ACCEPTS", 503, "Too many clients connect at once.");
    }
    this.#size++;
    this.#perAddress?.set(counted, ofAddress + 1);
    return undefined;
  }

  leave(address: string): void {
    this.#size--;
    if (this.#perAddress === undefined) return;
    const counted = countedAddress(address);
    const ofAddress = this.#perAddress.get(counted) ?? 0;
    if (ofAddress > 1) this.#perAddress.set(counted, ofAddress - 1);
    else this.#perAddress.delete(counted);
  }

  #full(reason: Refusal["reason"], status: number, explanation: string): Refusal {
    return {
      reason,
      status,
      explanation,
      headers: { "Retry-After": String(retryAfterSeconds(this.#settings)) },
    };
  }
}

/** Clients that are sent away together should not come back together. */
export function retryAfterSeconds({ runtime }: Settings): number {
  return 5 + Math.floor(runtime.random() * 26);
}

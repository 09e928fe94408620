import type { Runtime, Timer } from "velaros-protocol";
import * as subjects from "../link/subjects.ts";
import { Rounds } from "../rounds.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import { decode, encode } from "./interim.ts";

/** What a gateway says of itself. */
export interface GatewayPresence {
  readonly gatewayName: string;
  readonly gatewayId: string;
  readonly epoch: string;
}

/** Tells services that this gateway lives, and notices by its own announcements whether the bus does. */
export class GatewayAnnouncer {
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #intervalMs: number;
  readonly #presence: GatewayPresence;
  readonly #rounds = new Rounds();
  #binding: Unsubscribe | undefined;
  #beat: Timer | undefined;

  constructor(transport: Transport, runtime: Runtime, intervalMs: number, presence: GatewayPresence) {
    this.#transport = transport;
    this.#runtime = runtime;
    this.#intervalMs = intervalMs;
    this.#presence = presence;
  }

  async start(): Promise<void> {
    const { gatewayName, gatewayId } = this.#presence;
    this.#binding = this.#transport.subscribe(
      subjects.gatewayAnnouncement(gatewayName, gatewayId),
      (packet) => this.#hearSelf(packet),
    );
    await this.#transport.flush();
    await this.#rounds.until(this.announce());
    await this.#rounds.until(this.announce());
    this.#scheduleBeat();
  }

  /**
   * Says that the gateway is there.
   *
   * @param wants - Ids of instances that shall answer with an announcement of their own.
   */
  announce(wants: readonly string[] = [], state: "up" | "gone" = "up"): number {
    const { gatewayName, gatewayId, epoch } = this.#presence;
    const round = this.#rounds.next();
    this.#transport.publish(
      subjects.gatewayAnnouncement(gatewayName, gatewayId),
      encode({ kind: "gateway", gatewayName, gatewayId, epoch, state, wants, round }),
    );
    return round;
  }

  goodbye(): void {
    this.announce([], "gone");
    this.stop();
  }

  stop(): void {
    this.#beat?.cancel();
    this.#binding?.();
  }

  #hearSelf(packet: Packet): void {
    const announcement = decode(packet.payload, "gateway");
    if (typeof announcement !== "string") this.#rounds.heard(announcement.round);
  }

  #scheduleBeat(): void {
    this.#beat = this.#runtime.setTimer(this.#intervalMs, () => {
      this.announce();
      this.#scheduleBeat();
    });
  }
}

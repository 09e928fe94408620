import type { Runtime, Timer } from "velaros-protocol";
import { encodeGatewayAnnouncement, readGatewayAnnouncement } from "../directory/announcement-codec.ts";
import type { AnnouncementLimits } from "../directory/announcement-limits.ts";
import { AnnouncementPace } from "../directory/announcement-pace.ts";
import type { GatewayAnnouncement, WireVersions } from "../directory/announcement.ts";
import { LinkListTurns } from "../directory/link-list-turns.ts";
import type { TakenQuestions } from "../directory/questions.ts";
import { OwnEcho } from "../own-echo.ts";
import * as subjects from "../link/subjects.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";

/** What a gateway says of itself, as it is now. */
export interface GatewayPresence {
  readonly gatewayName: string;
  readonly gatewayId: string;
  readonly epoch: string;
  readonly versions: WireVersions;
  readonly limits: AnnouncementLimits;
  linkIds(): ReadonlyMap<string, number>;
  /** @param asked - How many ids of instances the announcement names besides. */
  takeQuestions(asked: number): TakenQuestions;
  /** Something could not be announced. */
  onProblem(error: Error): void;
}

/** Tells services that this gateway lives, what it asks and what it knows of old claims. */
export class GatewayAnnouncer {
  /** Whether our own announcements come back to us. */
  readonly echo: OwnEcho;
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #intervalMs: number;
  readonly #presence: GatewayPresence;
  readonly #subject: string;
  readonly #linkLists = new LinkListTurns();
  readonly #pace: AnnouncementPace;
  #sequence = 0;
  #binding: Unsubscribe | undefined;
  #beat: Timer | undefined;

  constructor(transport: Transport, runtime: Runtime, intervalMs: number, presence: GatewayPresence) {
    this.#transport = transport;
    this.#runtime = runtime;
    this.#intervalMs = intervalMs;
    this.#presence = presence;
    this.#subject = subjects.gatewayAnnouncement(presence.gatewayName, presence.gatewayId);
    this.echo = new OwnEcho(transport, runtime, this.#subject, () => this.announce());
    this.#pace = new AnnouncementPace(runtime, () => {
      if (this.#binding !== undefined) this.#announceOrReport();
    });
  }

  /** Resolves after one round: whoever is there has heard of us, and we of them. */
  async start(): Promise<void> {
    this.#binding = this.#transport.subscribe(this.#subject, (packet) => this.#hearSelf(packet));
    await this.#transport.flush();
    await this.echo.round();
    this.#scheduleBeat();
  }

  /**
   * Says what is true now. Returns the number of the announcement.
   *
   * @param asked - Ids of instances that shall announce themselves at once.
   * @throws {@link EurusError} `EURUS_ANNOUNCEMENT_INVALID` when there is more to say than services accept.
   */
  announce(asked: readonly string[] = [], goodbye: boolean = false): number {
    const { gatewayName, gatewayId, epoch, versions, limits } = this.#presence;
    const { wanted, claims } = this.#presence.takeQuestions(asked.length);
    const sequence = this.#sequence + 1;
    const announcement: GatewayAnnouncement = {
      gateway: gatewayName,
      gatewayId,
      epoch,
      sequence,
      versions,
      goodbye,
      links: this.#linkLists.next(this.#presence.linkIds()),
      wanted: [...wanted, ...asked],
      claims,
    };
    const payload = encodeGatewayAnnouncement(this.#subject, announcement, limits);
    this.#sequence = sequence;
    this.#transport.publish(this.#subject, payload);
    this.echo.sent(sequence);
    return sequence;
  }

  /** Announces at the end of this turn, or a little later in a crowd; what several instances need is said once. */
  announceSoon(): void {
    this.#pace.soon();
  }

  goodbye(): void {
    this.#announceOrReport(true);
    this.stop();
  }

  stop(): void {
    this.#beat?.cancel();
    this.#pace.stop();
    this.#binding?.();
    this.#binding = undefined;
    this.echo.stop();
  }

  /** What can't be said must neither end the heartbeats nor keep the gateway from leaving. */
  #announceOrReport(goodbye: boolean = false): void {
    try {
      this.announce([], goodbye);
    } catch (error) {
      this.#presence.onProblem(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #hearSelf(packet: Packet): void {
    const { announcement } = readGatewayAnnouncement(this.#subject, packet.payload, this.#presence.limits);
    if (announcement?.epoch === this.#presence.epoch) this.echo.heard(announcement.sequence);
  }

  #scheduleBeat(): void {
    this.#beat = this.#runtime.setTimer(this.#intervalMs, () => {
      this.#announceOrReport();
      this.#scheduleBeat();
    });
  }
}

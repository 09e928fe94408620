import { areCompatible, type GatewayAnnouncement, type WireVersions } from "./announcement.ts";
import { Leases, ticksFor } from "./leases.ts";
import { Tombstones } from "./tombstones.ts";

/** Why a gateway is no longer known to an instance. */
export type GatewayRemovedCause = "goodbye" | "lease-expired" | "new-epoch";

export type GatewayListEvent =
  | { readonly type: "gateway-added"; readonly gateway: GatewayAnnouncement }
  /** Every further heartbeat of a known gateway. */
  | { readonly type: "gateway-heard"; readonly gateway: GatewayAnnouncement }
  | {
      readonly type: "gateway-removed";
      readonly gateway: GatewayAnnouncement;
      readonly cause: GatewayRemovedCause;
    };

export interface GatewayListOptions {
  readonly versions: WireVersions;
  /** @defaultValue `12_000` */
  readonly leaseMs?: number | undefined;
  /** @defaultValue `10_000` */
  readonly maxGateways?: number | undefined;
}

/** After a goodbye or a new epoch, late announcements of the old one are recognised for this long. */
const closedEpochMs = 60_000;

/** Which gateways an instance hears, by what they announce. Synchronous; time passes by {@link GatewayList.tick}. */
export class GatewayList {
  readonly #options: GatewayListOptions;
  readonly #tell: (event: GatewayListEvent) => void;
  readonly #gateways = new Map<string, GatewayAnnouncement>();
  readonly #leases: Leases<string>;
  readonly #tombstones = new Tombstones();
  #tick = 0;

  constructor(options: GatewayListOptions, tell: (event: GatewayListEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#leases = new Leases(options.leaseMs ?? 12_000);
  }

  /** The last heartbeat of every gateway that is alive. */
  gateways(): Iterable<GatewayAnnouncement> {
    return this.#gateways.values();
  }

  /** Takes in one announcement that has been read and checked. */
  apply(announcement: GatewayAnnouncement): void {
    const { gatewayId: id, gateway: name, epoch } = announcement;
    const known = this.#gateways.get(id);
    if (known !== undefined && known.gateway !== name) return; // an id belongs to whoever was first
    if (this.#tombstones.has(id, epoch, this.#tick)) return;
    if (known?.epoch === epoch && announcement.sequence <= known.sequence) return;
    if (announcement.goodbye) {
      this.#close(id, epoch);
      if (known !== undefined) this.#remove(known, "goodbye");
      return;
    }
    if (!areCompatible(announcement.versions, this.#options.versions)) return;
    if (known !== undefined && known.epoch !== epoch) {
      this.#close(id, known.epoch);
      this.#remove(known, "new-epoch");
    }
    const isNew = !this.#gateways.has(id);
    if (isNew && this.#gateways.size >= (this.#options.maxGateways ?? 10_000)) return;
    this.#gateways.set(id, announcement);
    this.#leases.renew(id);
    this.#tell({ type: isNew ? "gateway-added" : "gateway-heard", gateway: announcement });
  }

  /** A tick of the owner's loop (250 ms) has passed. */
  tick(): void {
    this.#tick += 1;
    for (const id of this.#leases.tick()) {
      const gateway = this.#gateways.get(id);
      if (gateway !== undefined) this.#remove(gateway, "lease-expired");
    }
    this.#tombstones.expire(this.#tick);
  }

  /** The bus is away: nobody is declared dead until it has been back for a while. */
  freeze(): void {
    this.#leases.freeze();
  }

  /** The bus is back. */
  thaw(): void {
    this.#leases.thaw();
  }

  #close(id: string, epoch: string): void {
    this.#tombstones.add(id, epoch, this.#tick + ticksFor(closedEpochMs));
  }

  #remove(gateway: GatewayAnnouncement, cause: GatewayRemovedCause): void {
    this.#gateways.delete(gateway.gatewayId);
    this.#leases.drop(gateway.gatewayId);
    this.#tell({ type: "gateway-removed", gateway, cause });
  }
}

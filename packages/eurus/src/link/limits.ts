/** Bounds of a link and of all links of a process. */
export interface LinkLimits {
  /** Bytes of one pin and direction that may be sent and not yet consumed. @defaultValue 256 KiB */
  readonly pinWindowBytes: number;
  /** Bytes of one link and direction that may be sent and not yet acknowledged. @defaultValue 1 MiB */
  readonly linkWindowBytes: number;
  /** How much of the link's window chunks of large bodies may take. @defaultValue 256 KiB */
  readonly bulkWindowBytes: number;
  /** Bytes of all links of a process that may be sent and not yet acknowledged. @defaultValue 16 MiB */
  readonly processUnackedBytes: number;
  /** Largest batch, as long as the bus takes it. @defaultValue 256 KiB */
  readonly batchBytes: number;
  /** Bodies above this travel in chunks. @defaultValue 128 KiB */
  readonly wholeBytes: number;
  /** @defaultValue 64 KiB */
  readonly chunkBytes: number;
  /** Memory for large bodies on their way in, of all links of a process. @defaultValue 64 MiB */
  readonly reassemblyBytes: number;
  /** How long the rest of a large body may take to begin arriving. @defaultValue 30 s */
  readonly transferStallMs: number;
  /** How long an acknowledgement waits for something to travel with. @defaultValue 5 ms, at a gateway 40 ms */
  readonly ackDelayMs: number;
  /** Batches that are acknowledged at the latest together. @defaultValue 32 */
  readonly ackBatches: number;
  /** Bytes that are acknowledged at the latest together. @defaultValue 128 KiB */
  readonly ackBytes: number;
  /** Shortest time between two reports of the same gap. @defaultValue 20 ms */
  readonly nakIntervalMs: number;
  /** How long batches stay unacknowledged before the peer is asked. @defaultValue 200 ms */
  readonly probeAfterMs: number;
  /** Time between two attempts to reach a suspect peer. @defaultValue 100 ms */
  readonly syncIntervalMs: number;
  /** How long a peer may be suspect before the link is lost. @defaultValue 800 ms */
  readonly suspectMs: number;
  /** The same, shortly after our own bus came back. @defaultValue 3 s */
  readonly suspectAfterReconnectMs: number;
  /** Longest random wait of a link before it resynchronises after a reconnect. @defaultValue 50 ms */
  readonly resyncJitterMs: number;
}

const kibibyte = 1024;

/** What applies unless an option says otherwise. Both ends of a link need the same windows and sizes. */
export const defaultLinkLimits: LinkLimits = {
  pinWindowBytes: 256 * kibibyte,
  linkWindowBytes: 1024 * kibibyte,
  bulkWindowBytes: 256 * kibibyte,
  processUnackedBytes: 16 * 1024 * kibibyte,
  batchBytes: 256 * kibibyte,
  wholeBytes: 128 * kibibyte,
  chunkBytes: 64 * kibibyte,
  reassemblyBytes: 64 * 1024 * kibibyte,
  transferStallMs: 30_000,
  ackDelayMs: 5,
  ackBatches: 32,
  ackBytes: 128 * kibibyte,
  nakIntervalMs: 20,
  probeAfterMs: 200,
  syncIntervalMs: 100,
  suspectMs: 800,
  suspectAfterReconnectMs: 3_000,
  resyncJitterMs: 50,
};

/** The smallest payload that a bus must take. */
export const minimumPayloadBytes: number = 64 * kibibyte;
/** What a batch leaves free for the bus's own headers. */
export const payloadReserveBytes: number = 4 * kibibyte;

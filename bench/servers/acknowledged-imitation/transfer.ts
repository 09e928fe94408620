// An imitation of a protocol that acknowledges every step, as the Go original of this project does. It lives here
// to measure what that costs, and only here. One message is three sequential round trips: its header is answered
// with a fresh inbox, each chunk of 16 KiB is acknowledged, and so is the mark of the end.
//
// Where a choice was open it was made in the imitation's favour: JSON headers instead of MessagePack maps, the
// payload once instead of twice, every message in its own concurrent transfer, and no async stack traces.
import type { Msg, NatsConnection } from "@nats-io/transport-node";

const chunkBytes = 16_384;
const timeout = 30_000;
const nothing = new Uint8Array(0);
const more = Uint8Array.of(0);
const end = Uint8Array.of(1);

export interface Header {
  readonly socketId: string;
  /** Upgrade headers and address travel with every message towards the service. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
  readonly messageType: "text" | "binary";
}

/** Resolves when the receiver has acknowledged everything. */
export async function transfer(
  nats: NatsConnection,
  subject: string,
  header: Header,
  payload: Uint8Array,
): Promise<void> {
  const accepted = await nats.request(subject, JSON.stringify(header), { timeout });
  const inbox = accepted.string();
  for (let offset = 0; offset < payload.length; offset += chunkBytes) {
    const chunk = payload.subarray(offset, offset + chunkBytes);
    await nats.request(inbox, Buffer.concat([more, chunk]), { timeout });
  }
  await nats.request(inbox, end, { timeout });
}

/** Receives transfers addressed to `subject`. */
export function receive(
  nats: NatsConnection,
  subject: string,
  handler: (header: Header, payload: Buffer) => void,
): void {
  let inboxes = 0;
  nats.subscribe(subject, {
    callback: (_error, first) => {
      const header = first.json<Header>();
      const inbox = `${subject}.inbox.${++inboxes}`;
      const chunks: Uint8Array[] = [];
      const subscription = nats.subscribe(inbox, {
        callback: (_failure, message: Msg) => {
          const isEnd = message.data[0] === 1;
          if (!isEnd) chunks.push(message.data.subarray(1));
          message.respond(nothing);
          if (!isEnd) return;
          subscription.unsubscribe();
          handler(header, Buffer.concat(chunks));
        },
      });
      first.respond(inbox);
    },
  });
}

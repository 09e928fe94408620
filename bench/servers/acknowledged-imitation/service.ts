// The service half of the imitation; see transfer.ts for what it is.
import { connect } from "@nats-io/transport-node";
import { readConfig, ready } from "../lib/child.ts";
import { receive, transfer } from "./transfer.ts";

const { natsPort } = readConfig<{ readonly natsPort: number }>();
const nats = await connect({ servers: `127.0.0.1:${natsPort}`, noAsyncTraces: true });

receive(nats, "imitation.service", (header, payload) => {
  const message = JSON.parse(payload.toString()) as { readonly id: string; readonly data: unknown };
  const reply = Buffer.from(JSON.stringify({ id: message.id, data: message.data }));
  void transfer(
    nats,
    "imitation.gateway",
    { socketId: header.socketId, messageType: header.messageType },
    reply,
  );
});
await nats.flush();
ready({});

// The other end of nats-requester: answers every request with its own bytes.
import { connect } from "@nats-io/transport-node";
import { readConfig, ready } from "./lib/child.ts";

const { natsPort } = readConfig<{ readonly natsPort: number }>();
const nats = await connect({ servers: `127.0.0.1:${natsPort}`, noAsyncTraces: true });
nats.subscribe("bench.echo", {
  callback: (error, message) => {
    if (error === null) message.respond(message.data);
  },
});
await nats.flush();
ready({});

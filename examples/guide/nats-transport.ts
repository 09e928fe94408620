// Two ways to a transport over NATS.
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { NatsTransport } from "eurus/nats";

/** Usually: give it the servers. It never gives up, and tries every quarter of a second. */
export function connectTo(servers: string): Promise<NatsTransport> {
  return NatsTransport.connect({ servers });
}

/** Or share a connection that your program has anyway. You made it, so you close it. */
export async function shareConnection(servers: string): Promise<[NatsTransport, NatsConnection]> {
  const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
  return [new NatsTransport(connection), connection];
}

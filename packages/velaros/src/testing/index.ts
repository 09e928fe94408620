// Test handlers without a network: a client that is connected to a router within the process.
export { connectClient } from "./client.ts";
export type { ClientOptions, TestClient } from "./client.ts";
export { socketPair } from "./socket-pair.ts";
export type { OutgoingMessage, PairedConnection, SocketPairOptions } from "./socket-pair.ts";

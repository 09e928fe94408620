// A gateway over NATS: a program of its own.
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";

// Connect to NATS
const transport = await NatsTransport.connect({
  servers: process.env["NATS_URL"] ?? "nats://localhost:4222",
});

// Create the gateway
const gateway = new Gateway("api-gateway", transport);
await gateway.start();

// Mount it on a router, behind the encoding
const router = new Router();
router.use(json()); // the encoding that the services use
router.use(gateway);

// Start accepting WebSocket connections
const listening = await router.listen({ port: Number(process.env["PORT"] ?? 8080), path: "/ws" });
console.log(`Listening on ${listening.url}`);

async function stop(): Promise<void> {
  await gateway.stop(); // lets what began finish, then closes the clients
  await listening.close();
  await transport.close();
}
process.once("SIGTERM", () => void stop());

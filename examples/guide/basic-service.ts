// A service over NATS: a program of its own. Start it as often as you like.
import { Service } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";

const router = new Router();
router.use(json()); // the encoding of the gateway

// Public routes: reachable through the gateway
router.publicBind("/api/users/:id", (ctx) => {
  const user = { id: ctx.params.id, name: "Ada" };
  return ctx.reply(user);
});

router.publicBind("/api/posts/**", (ctx) => {
  // The wildcard takes the rest of the path.
  const path = ctx.path; // such as "/api/posts/2024/11/my-post"
  return ctx.reply({ path, servedBy: service.id });
});

// Private routes: never reachable through the gateway
router.bind("/health", (ctx) => ctx.reply({ status: "healthy" }));
router.bind("/metrics", (ctx) => ctx.reply({ memoryBytes: process.memoryUsage.rss() }));

// Create and start the service
const transport = await NatsTransport.connect({
  servers: process.env["NATS_URL"] ?? "nats://localhost:4222",
});
const service: Service = new Service("api-service", transport, router, {
  gatewayNames: ["api-gateway"], // without it: all gateways
});
process.once("SIGTERM", () => void service.stop());

await service.run(); // resolves when it has been stopped
await transport.close();

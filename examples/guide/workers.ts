// A gateway on every core of the machine, behind one port.
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router, runWorkers } from "velaros";
import { json } from "velaros/json";

await runWorkers(async () => {
  // Runs once in each process: a gateway of its own, with a connection of its own to the bus
  const transport = await NatsTransport.connect({
    servers: process.env["NATS_URL"] ?? "nats://localhost:4222",
  });
  const gateway = new Gateway("api-gateway", transport);
  await gateway.start();

  const router = new Router();
  router.use(json());
  router.use(gateway);
  const listening = await router.listen({ port: Number(process.env["PORT"] ?? 8080), path: "/ws" });
  console.log(`Process ${process.pid} is listening on ${listening.url}`);

  return {
    async stop() {
      await gateway.stop();
      await listening.close();
      await transport.close();
    },
  };
});

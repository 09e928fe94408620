// One gateway of the fleet; main.ts starts it.
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { member } from "./member.ts";

await member(async ({ natsUrl }) => {
  const transport = await NatsTransport.connect({ servers: natsUrl });
  const gateway = new Gateway("main-gateway", transport); // both have the same name: services announce to all
  await gateway.start();

  const edge = new Router().use(json()).use(gateway);
  const listening = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws" });

  return {
    url: listening.url,
    async stop() {
      await gateway.stop();
      await listening.close({ graceMs: 500 });
      await transport.close();
    },
  };
});

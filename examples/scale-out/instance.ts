// One instance of the service "rooms"; main.ts starts as many as it likes.
import { Service } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { member } from "./member.ts";

await member(async ({ name, natsUrl }) => {
  const router = new Router().use(json()).publicBind("/rooms/visit", (ctx) => {
    // What is stored on the socket lives in this process: every message of a client has to come here.
    const visits = (ctx.getFromSocket<number>("visits") ?? 0) + 1;
    ctx.setOnSocket("visits", visits);
    return ctx.reply({ instance: name, visits });
  });

  const transport = await NatsTransport.connect({ servers: natsUrl });
  const service = new Service("rooms", transport, router);
  await service.start();

  return {
    async stop() {
      await service.stop(); // drains: takes nobody new, finishes what it has begun, says goodbye
      await transport.close();
    },
  };
});

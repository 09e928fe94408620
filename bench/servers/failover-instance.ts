// One of several instances of a service, to be killed: a process of its own.
import { Service } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { readConfig, ready } from "./lib/child.ts";

const { natsPort } = readConfig<{ readonly natsPort: number }>();

const router = new Router()
  .use(json())
  .publicBind("/work", (context) => context.reply({ instance: service.id }))
  .publicBind("/hold", async (context) => {
    await context.done;
  });
const transport = await NatsTransport.connect({ servers: `127.0.0.1:${natsPort}` });
const service: Service = new Service("worker", transport, router, { gatewayNames: ["bench-gateway"] });
await service.start();
ready({ instance: service.id });

// Gateway and service in one process, over one transport object.
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";

const transport = new LocalTransport();
// Share this instance between gateways and services: it is how they find each other.
export const gateway = new Gateway("main-gateway", transport);
export const service = new Service(
  "greetings",
  transport,
  new Router().use(json()).publicBind("/hello", (ctx) => ctx.reply("Hello!")),
);

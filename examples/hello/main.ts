// A gateway and a service in one process: the program of the README.
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";

const transport = new LocalTransport(); // NatsTransport, when they run in processes of their own

const greetings = new Router()
  .use(json())
  .publicBind("/hello/:name", (ctx) => ctx.reply({ text: `Hello, ${ctx.params.name}!` }))
  .bind("/health", (ctx) => ctx.reply({ status: "healthy" })); // never reachable from outside
const service = new Service("greetings", transport, greetings);
await service.start();

const gateway = new Gateway("main-gateway", transport);
await gateway.start();

const edge = new Router().use(json()).use(gateway);
const { url } = await edge.listen({ port: Number(process.env["PORT"] ?? 8080), path: "/ws" });
console.log(`Listening on ${url}`);

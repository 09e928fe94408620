// A router with a port of its own.
import { Router } from "velaros";
import { json } from "velaros/json";

const router = new Router()
  .use(json()) // reads id and path of each message, so it comes first
  .bind("/hello/:name", (ctx) => ({ text: `Hello, ${ctx.params.name}!` }));

const listening = await router.listen({ port: Number(process.env["PORT"] ?? 8080), path: "/ws" });
console.log(`Listening on ${listening.url}`);

process.once("SIGINT", () => void listening.close());

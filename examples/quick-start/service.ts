import { Service } from "eurus";
import type { Transport } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";

export function createChatService(transport: Transport): Service {
  const router = new Router();
  router.use(json());

  // publicBind: reachable through the gateway.
  router.publicBind("/chat/join", async (ctx) => {
    const { username, room } = await ctx.receive<{ username: string; room: string }>();

    // What is stored on the socket stays for the whole connection.
    ctx.setOnSocket("username", username);
    ctx.setOnSocket("room", room);

    console.log(`User ${username} joined room ${room}`);
    await ctx.reply({ status: "joined", room });
  });

  router.publicBind("/chat/message", async (ctx) => {
    const { text } = await ctx.receive<{ text: string }>();
    const username = ctx.mustGetFromSocket<string>("username");
    const room = ctx.mustGetFromSocket<string>("room");

    console.log(`[${room}] ${username}: ${text}`);
    await ctx.reply({ status: "sent" });
  });

  // bind: for the inside only.
  router.bind("/health", (ctx) => ctx.reply({ status: "healthy" }));

  return new Service("chat-service", transport, router);
}

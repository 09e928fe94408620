import { ReplyError, Router } from "velaros";
import { json } from "velaros/json";
import { z } from "zod";
import { Rooms } from "./rooms.ts";
import type { Member } from "./rooms.ts";

/** What the chat keeps on each connection. */
interface ChatState {
  member: Member;
}

const joinInput = z.object({
  username: z.string().trim().min(1).max(40),
  room: z.string().trim().min(1).max(40),
});
const messageInput = z.object({ text: z.string().trim().min(1).max(2000) });

/** The chat as a router: it would run alone just as well as it runs behind a gateway. */
export function createChatRouter(): Router<ChatState> {
  const rooms = new Rooms();
  const router = new Router<ChatState>();
  router.use(json());

  router.publicBind("/chat/join", { input: joinInput }, async (ctx) => {
    const { username, room } = await ctx.receive();
    const previous = ctx.getFromSocket("member");
    if (previous !== undefined) rooms.leave(previous);

    const member = { username, room, socket: ctx.socket };
    ctx.setOnSocket("member", member);
    await ctx.reply({ status: "joined", room });
    rooms.join(member);
  });

  router.publicBind("/chat/message", { input: messageInput }, async (ctx) => {
    const { text } = await ctx.receive();
    const member = ctx.getFromSocket("member");
    if (member === undefined) throw new ReplyError("FORBIDDEN", "Join a room first.");

    rooms.send(member.room, "/chat/message", { username: member.username, text, sentAt: Date.now() });
    await ctx.reply({ status: "sent" });
  });

  router.useClose((ctx) => {
    const member = ctx.getFromSocket("member");
    if (member !== undefined) rooms.leave(member);
  });

  router.bind("/health", (ctx) => ctx.reply({ status: "healthy" })); // for the inside only
  return router;
}

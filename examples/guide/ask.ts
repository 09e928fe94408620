// Sends one message and prints what is answered: npx tsx ask.ts /api/users/42
import { WebSocket } from "ws";

const [, , path = "/"] = process.argv;
const ws = new WebSocket(process.env["GATEWAY_URL"] ?? "ws://localhost:8080/ws");

ws.on("open", () => ws.send(JSON.stringify({ id: "1", path })));
ws.on("message", (bytes) => {
  console.log(String(bytes));
  ws.close();
});

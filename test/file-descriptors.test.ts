import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { runProgram } from "./support/run-program.ts";

const root = join(import.meta.dirname, "..");
const program = `
import { Router } from "velaros";
import { json } from "velaros/json";
const router = new Router().use(json()).publicBind("/hello", (ctx) => ctx.reply("hello"));
const { port } = await router.listen({ port: 0, host: "127.0.0.1" });
console.log("port " + port);
`;

/** How the server took a connection: an open WebSocket, the status of its refusal, or 0 when it hung up. */
async function visit(port: number): Promise<WebSocket | number> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  client.on("error", () => undefined);
  const opened = once(client, "open").then(
    () => client,
    () => 0,
  );
  const refused = once(client, "unexpected-response").then(
    ([, response]) => response.statusCode as number,
    () => 0,
  );
  return Promise.race([opened, refused]);
}

test("a process with few file descriptors turns away what it could not hold, and goes on [fault:W5]", async () => {
  const node = [process.execPath, "--conditions=@velaros/source", "--import", "tsx", "--input-type=module"];
  const command = `ulimit -n 200 && exec "$@"`;
  const server = runProgram("sh", ["-c", command, "sh", ...node, "-e", program], { cwd: root });
  await expect.poll(() => server.output(), { timeout: 15_000 }).toMatch(/port \d+/);
  const port = Number(/port (\d+)/.exec(server.output())?.[1]);

  const visits = await Promise.all(Array.from({ length: 250 }, () => visit(port)));

  const clients = visits.filter((visited) => visited instanceof WebSocket);
  expect(clients.length).toBeGreaterThan(100);
  expect(clients.length).toBeLessThanOrEqual(160);
  // The limit is met before the last descriptor is used; who comes while refusals are still being read is hung up on.
  expect(visits).toContain(503);
  for (const client of clients) client.close();
  await Promise.all(clients.map((client) => once(client, "close")));
  const later = await visit(port);
  if (typeof later === "number") throw new Error(`refused with ${later}`);
  later.send('{"id":"1","path":"/hello"}');
  const [answer] = await once(later, "message");
  expect(JSON.parse(answer.toString())).toEqual({ id: "1", data: { message: "hello" } });
  later.terminate();
});

import { once } from "node:events";
import type { Socket } from "node:net";
import { Router } from "velaros";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { onEveryBus } from "../support/buses.ts";
import { JsonClient } from "../support/json-client.ts";
import { RawClient } from "../support/raw-client.ts";
import { json } from "velaros/json";

const echo = (): Router =>
  new Router().use(json()).publicBind("/echo", (context) => context.reply(context.unmarshal()));

onEveryBus(({ test, newFleet }) => {
  test("a silent client is found by ping, and its service hears of it [claim:114]", async () => {
    await using fleet = newFleet();
    const closes: unknown[] = [];
    const router = echo().useClose((context) => void closes.push(context.closeStatus()));
    const edge = await fleet.edge({ listen: { pingIntervalMs: 100, pongTimeoutMs: 100 } });
    await fleet.service("echo", router);
    using client = await RawClient.open(Number(new URL(edge.url).port), true, "/ws");
    client.text('{"id":"1","path":"/echo","data":1}');
    await client.until(() => client.texts.length === 1);

    await client.until(() => client.closeFrame !== undefined);

    expect(client.closeFrame).toEqual({ code: 1001, reason: "ping timeout" });
    await expect.poll(() => closes).toEqual([{ status: 1001, reason: "ping timeout", source: "server" }]);
    await expect.poll(() => edge.gateway.sockets()).toEqual([]);
  });

  test("pages of listed origins connect, others get 403, programs without an origin connect [claim:115]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({ before: (router) => router.setOrigins(["https://*.example.com"]) });
    await fleet.service("echo", echo());
    const connectFrom = async (origin?: string): Promise<string> => {
      const client = new WebSocket(edge.url, origin === undefined ? {} : { origin });
      const refused = once(client, "unexpected-response").then(([, response]: unknown[]) =>
        String((response as { readonly statusCode?: number }).statusCode),
      );
      const outcome = await Promise.race([once(client, "open").then(() => "open"), refused]);
      client.on("error", () => undefined);
      client.terminate();
      return outcome;
    };

    expect(await connectFrom("https://app.example.com")).toBe("open");
    expect(await connectFrom("HTTPS://APP.EXAMPLE.COM")).toBe("open");
    expect(await connectFrom(undefined)).toBe("open");
    expect(await connectFrom("https://example.com")).toBe("403");
    expect(await connectFrom("https://example.com.evil.test")).toBe("403");
    expect(await connectFrom("null")).toBe("403");
    await expect.poll(() => edge.gateway.sockets()).toEqual([]);
  });

  test("a client that floods and never reads is held up and then cut off, while others are served [claim:120]", async () => {
    const floodMessages = 100_000;
    await using fleet = newFleet();
    const router = echo();
    const edge = await fleet.edge({
      listen: { messagesPerSecond: 1_000_000, stallTimeoutMs: 2_000, pauseTimeoutMs: 2_000 },
    });
    await fleet.service("echo", router);
    await using neighbour = await JsonClient.connect(edge.url);
    await neighbour.ask("/echo", 0);
    using flooder = await RawClient.open(Number(new URL(edge.url).port), false, "/ws");
    flooder.socket.pause();

    const data = "x".repeat(1_000);
    const count = (type: string): number => edge.events.filter((event) => event.type === type).length;
    const flood = async (): Promise<void> => {
      for (let sent = 0; sent < floodMessages && count("socket-closed") === 0; sent++) {
        flooder.text(JSON.stringify({ id: String(sent), path: "/echo", data }));
        if (flooder.socket.writableNeedDrain) await writable(flooder.socket);
      }
    };
    let isOver = false;
    const flooding = flood().finally(() => (isOver = true));
    let answered = 0;
    while (!isOver) {
      expect(await neighbour.ask("/echo", answered)).toMatchObject({ data: answered });
      answered++;
    }
    await flooding;

    // What was taken fits the buffers on the way: most of the flood never got through the gateway.
    expect(count("routed")).toBeLessThan(floodMessages / 4);
    expect(answered).toBeGreaterThan(10);
    await expect
      .poll(() => edge.events.filter(({ type }) => type === "socket-closed"))
      .toMatchObject([{ status: 1013 }]);
    expect(await neighbour.ask("/echo", -1)).toMatchObject({ data: -1 });
  });
});

/** Resolves when the socket takes more, or is closed. */
function writable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

// Velaros alone: JSON, one route among 1,000, every limit on.
import { echoRouter, type EchoSettings } from "./lib/echo-router.ts";
import { collectGarbage, readConfig, ready } from "./lib/child.ts";

const { limits, settings } = readConfig<{
  readonly limits: { readonly messagesPerSecond: number };
  readonly settings?: EchoSettings;
}>();

const listening = await echoRouter(settings).listen({ host: "127.0.0.1", port: 0, path: "/ws", ...limits });
ready({ port: listening.port }, collectGarbage);

// The service of a deployment over NATS: a process of its own.
import { NatsTransport } from "eurus/nats";
import type { EchoSettings } from "./lib/echo-router.ts";
import { startEchoServices } from "./lib/echo-services.ts";
import { collectGarbage, readConfig, ready } from "./lib/child.ts";

const { natsPort, settings } = readConfig<{ readonly natsPort: number; readonly settings?: EchoSettings }>();

await startEchoServices(await NatsTransport.connect({ servers: `127.0.0.1:${natsPort}` }), settings);
ready({}, collectGarbage);

// One of the services whose clients must not disturb each other: a process of its own.
import { NatsTransport } from "eurus/nats";
import { readConfig, ready } from "./lib/child.ts";
import { type IsolationService, startIsolationService } from "./lib/isolation-services.ts";

const { natsPort, name } = readConfig<{ readonly natsPort: number; readonly name: IsolationService }>();

await startIsolationService(await NatsTransport.connect({ servers: `127.0.0.1:${natsPort}` }), name);
ready({});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { NatsTransport } from "eurus/nats";
import { nodeRuntime } from "velaros";
import { expect, onTestFinished } from "vitest";

import { LinkAcceptor } from "../packages/eurus/src/link/acceptor.ts";
import { LinkDialer } from "../packages/eurus/src/link/dialer.ts";
import type { Frame } from "../packages/eurus/src/link/frame.ts";
import type { LinkListener } from "../packages/eurus/src/link/link.ts";
import * as subjects from "../packages/eurus/src/link/subjects.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";

const wait = { timeout: 10_000, interval: 10 };
const gateway = { gatewayName: "main-gateway", gatewayId: "g1" };
const instance = { service: "chat-service", instanceId: "i1" };
const address = { ...gateway, ...instance };
const some = Uint8Array.of(1);

async function startServer(): Promise<NatsServer> {
  const config = await readFile(join(import.meta.dirname, "..", "docs", "nats-permissions.conf"), "utf8");
  const server = await NatsServer.start({ config });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function transportOf(server: NatsServer, user: string): Promise<NatsTransport> {
  const transport = await NatsTransport.connect({ servers: server.url, user, pass: "change-me" });
  onTestFinished(() => transport.close());
  return transport;
}

function recorder(): LinkListener<Frame> & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    frame: ({ type }) => void heard.push(type),
    writable: () => undefined,
    suspect: () => void heard.push("suspect"),
    restored: () => void heard.push("restored"),
    lost: (cause) => void heard.push(`lost: ${cause}`),
  };
}

natsTest(
  "with the permissions of docs/nats-permissions.conf a fleet works and hears who is gone",
  async () => {
    const server = await startServer();
    const atGateway = await transportOf(server, "main-gateway");
    const atService = await transportOf(server, "chat-service");
    const errors: string[] = [];
    for (const transport of [atGateway, atService])
      transport.onError(({ message }) => void errors.push(message));
    const heard: string[] = [];
    for (const [transport, subject] of [
      [atGateway, subjects.serviceAnnouncements()],
      [atGateway, subjects.gatewayAnnouncement("main-gateway", "g1")],
      [atService, subjects.gatewayAnnouncements()],
      [atService, subjects.serviceAnnouncements("chat-service")],
    ] as const) {
      transport.subscribe(subject, (packet) => void heard.push(packet.subject));
    }
    const instanceListener = recorder();
    const acceptor = new LinkAcceptor({
      transport: atService,
      runtime: nodeRuntime,
      ...instance,
      instanceEpoch: "e1",
      accept: (link) => {
        link.send({ type: "opened", pin: 1 });
        return instanceListener;
      },
    });
    const dialer = new LinkDialer({
      transport: atGateway,
      runtime: nodeRuntime,
      ...gateway,
      gatewayEpoch: "ge1",
    });
    onTestFinished(() => dialer.stop());
    acceptor.start();
    dialer.start();
    await Promise.all([atGateway.flush(), atService.flush()]);
    atGateway.publish(subjects.gatewayAnnouncement("main-gateway", "g1"), some);
    atService.publish(subjects.serviceAnnouncement("chat-service", "i1"), some);
    await expect.poll(() => heard.length, wait).toBe(4);

    const gatewayListener = recorder();
    const link = dialer.dial({ ...instance, instanceEpoch: "e1" }, gatewayListener);
    const info = { socketId: "s", remoteAddress: "", headers: {}, codec: "json", trusted: {} };
    link.send({ type: "open", pin: 1, info });
    await expect.poll(() => gatewayListener.heard, wait).toEqual(["opened"]);
    acceptor.stop();
    await atService.flush();
    link.send({ type: "open", pin: 2, info });
    await expect.poll(() => gatewayListener.heard, wait).toContain("suspect");

    expect(instanceListener.heard).toEqual(["open", "lost: stopped"]);
    expect(errors).toEqual([]);
  },
);

/** Each forgery: who tries it, and where. */
const forgeries: readonly (readonly [what: string, user: string, subject: string])[] = [
  [
    "a gateway speaks as another gateway",
    "main-gateway",
    subjects.toInstance({ ...address, gatewayName: "other" }),
  ],
  [
    "a service speaks as another service",
    "chat-service",
    subjects.toGateway({ ...address, service: "billing" }),
  ],
  ["a service speaks as a gateway", "chat-service", subjects.toInstance(address)],
  ["a gateway speaks as a service", "main-gateway", subjects.toGateway(address)],
  [
    "a service reports an instance gone to a gateway",
    "chat-service",
    `${subjects.gatewayUndeliverable(gateway)}.${subjects.undeliverableTail("i1", 1, 1, false)}`,
  ],
  [
    "a gateway reports itself gone to a service",
    "main-gateway",
    `${subjects.instanceUndeliverable(instance)}.${subjects.undeliverableTail("g1", 1, 1, false)}`,
  ],
  [
    "a gateway reports an instance gone to itself",
    "main-gateway",
    `${subjects.gatewayUndeliverable(gateway)}.${subjects.undeliverableTail("i1", 1, 1, false)}`,
  ],
  ["a service announces another service", "chat-service", subjects.serviceAnnouncement("billing", "i1")],
  ["a service announces a gateway", "chat-service", subjects.gatewayAnnouncement("main-gateway", "g1")],
  ["a gateway announces another gateway", "main-gateway", subjects.gatewayAnnouncement("other", "g1")],
  ["a gateway announces a service", "main-gateway", subjects.serviceAnnouncement("chat-service", "i1")],
];

const eavesdropping: readonly (readonly [what: string, user: string, subject: string])[] = [
  [
    "a gateway reads another gateway's mail",
    "main-gateway",
    `${subjects.gatewayInbox({ ...gateway, gatewayName: "other" })}.>`,
  ],
  ["a gateway reads a service's mail", "main-gateway", `${subjects.instanceInbox(instance)}.>`],
  [
    "a service reads another service's mail",
    "chat-service",
    `${subjects.instanceInbox({ ...instance, service: "billing" })}.>`,
  ],
  ["a service reads a gateway's mail", "chat-service", `${subjects.gatewayInbox(gateway)}.>`],
  ["a gateway taps everything", "main-gateway", "eurus.v1.>"],
  ["a service taps everything", "chat-service", ">"],
];

/** What the server says to a raw client that tries something. */
async function refusals(
  server: NatsServer,
  user: string,
  attempt: (raw: NatsConnection) => void,
): Promise<string[]> {
  const raw = await connect({ servers: server.url, user, pass: "change-me" });
  const errors: string[] = [];
  void (async () => {
    for await (const status of raw.status()) if (status.type === "error") errors.push(status.error.message);
  })();
  attempt(raw);
  await raw.flush();
  await raw.flush();
  await raw.close();
  return errors;
}

natsTest("every forgery is refused by the broker, and nothing of it arrives [fault:N9]", async () => {
  const server = await startServer();
  // What the broker let through would show at those who may listen.
  const arrived: string[] = [];
  const users = ["main-gateway", "chat-service"];
  for (const user of users) {
    const transport = await transportOf(server, user);
    const allowed =
      user === "main-gateway"
        ? ["eurus.v1.gw.main-gateway.*.from.>", "eurus.v1.gw.main-gateway.*.nr.>", "eurus.v1.announce.svc.>"]
        : [
            "eurus.v1.svc.chat-service.*.from.>",
            "eurus.v1.svc.chat-service.*.nr.>",
            "eurus.v1.announce.gw.>",
          ];
    for (const subject of allowed)
      transport.subscribe(subject, (packet) => void arrived.push(packet.subject));
    await transport.flush();
  }

  for (const [what, user, subject] of forgeries) {
    const errors = await refusals(server, user, (raw) => raw.publish(subject, some));
    expect(errors, what).toHaveLength(1);
    expect(errors[0], what).toContain(`Publish to "${subject}"`);
  }
  expect(arrived).toEqual([]);
});

natsTest("nobody may read what is meant for others", async () => {
  const server = await startServer();
  for (const [what, user, subject] of eavesdropping) {
    const errors = await refusals(server, user, (raw) =>
      raw.subscribe(subject, { callback: () => undefined }),
    );
    expect(errors, what).toHaveLength(1);
    expect(errors[0], what).toContain(`Subscription to "${subject}"`);
  }
});

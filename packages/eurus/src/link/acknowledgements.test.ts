import { expect, test } from "vitest";

import { ManualRuntime } from "../../../../test/support/manual-runtime.ts";
import { TransportListeners } from "../transport/listeners.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import { LinkAcceptor } from "./acceptor.ts";
import { LinkDialer } from "./dialer.ts";
import type { Frame, GatewayToInstanceFrame, SocketInfo } from "./frame.ts";
import type { InstanceLink, LinkListener } from "./link.ts";
import { PacketKind } from "./packet-header.ts";

/** A bus between processes that hands over at once, and notes what for. */
class DirectBus implements Transport {
  readonly reliable = false;
  readonly maxPayloadBytes: number = 1024 * 1024;
  readonly status = "connected";
  /** Direction and kind of each packet. */
  readonly packets: string[] = [];
  readonly #listeners = new TransportListeners();
  readonly #subscriptions: { readonly prefix: string; readonly handler: (packet: Packet) => void }[] = [];

  publish(subject: string, payload: Uint8Array | object): void {
    const kind = payload instanceof Uint8Array && payload[1] === PacketKind.ACK ? "acknowledgement" : "batch";
    this.packets.push(`${kind} to the ${subject.startsWith("eurus.v1.gw.") ? "gateway" : "instance"}`);
    for (const { prefix, handler } of this.#subscriptions)
      if (subject.startsWith(prefix)) handler({ subject, payload });
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    this.#subscriptions.push({ prefix: subject.replace(">", ""), handler });
    return () => undefined;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  onStatus(): Unsubscribe {
    return this.#listeners.onStatus(() => undefined);
  }

  onError(): Unsubscribe {
    return this.#listeners.onError(() => undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const silent: LinkListener<Frame> = {
  frame: () => undefined,
  writable: () => undefined,
  suspect: () => undefined,
  restored: () => undefined,
  lost: () => undefined,
};

test("Output is acknowledged after 40 ms, what a client sent after 5, unless something leaves that says so too", () => {
  const bus = new DirectBus();
  const runtime = new ManualRuntime();
  const opened: InstanceLink[] = [];
  const acceptor = new LinkAcceptor({
    transport: bus,
    runtime,
    service: "chat",
    instanceId: "i1",
    instanceEpoch: "e1",
    accept(link): LinkListener<GatewayToInstanceFrame> {
      opened.push(link);
      return silent;
    },
  });
  acceptor.start();
  const dialer = new LinkDialer({
    transport: bus,
    runtime,
    gatewayName: "g",
    gatewayId: "g1",
    gatewayEpoch: "e2",
  });
  dialer.start();
  const address = { service: "chat", instanceId: "i1", instanceEpoch: "e1" };
  const link = dialer.dial(address, silent);
  const info: SocketInfo = { socketId: "s", remoteAddress: "", headers: {}, codec: "json", trusted: {} };

  link.send({ type: "open", pin: 1, info });
  expect(bus.packets.splice(0)).toEqual(["batch to the instance"]);
  runtime.jump(5);
  expect(bus.packets.splice(0)).toEqual(["acknowledgement to the gateway"]);

  const answer = new TextEncoder().encode("{}");
  const send = (): void =>
    opened[0]?.send({
      type: "output",
      pin: 1,
      purpose: "push",
      number: 0,
      requestId: undefined,
      messageType: "text",
      body: answer,
    });
  send();
  expect(bus.packets.splice(0)).toEqual(["batch to the gateway"]);
  runtime.jump(39);
  expect(bus.packets.splice(0)).toEqual([]);
  runtime.jump(1);
  expect(bus.packets.splice(0)).toEqual(["acknowledgement to the instance"]);

  send();
  link.send({ type: "close", pin: 1, status: 1000, reason: "", source: "client" });
  expect(bus.packets.splice(0)).toEqual(["batch to the gateway", "batch to the instance"]);
  runtime.jump(40);
  expect(bus.packets.splice(0)).toEqual(["acknowledgement to the gateway"]);
  dialer.stop();
  acceptor.stop();
});

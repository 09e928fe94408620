import type { Runtime } from "velaros-protocol";
import { expect, test } from "vitest";

import { LocalTransport } from "../transport/local.ts";
import { LinkAcceptor } from "./acceptor.ts";
import { LinkDialer } from "./dialer.ts";
import type { Frame, GatewayToInstanceFrame, MessageFrame, SocketInfo } from "./frame.ts";
import type { InstanceLink, LinkListener } from "./link.ts";

/** Runs one turn of a hand-driven event loop after the other until nothing is left. */
class Turns {
  #queue: (() => void)[] = [];
  readonly runtime: Runtime = {
    nowMs: () => 0,
    setTimer: () => ({ cancel: () => undefined }),
    defer: (callback) => void this.#queue.push(callback),
    random: () => 0,
    randomUuid: () => "",
    randomToken: () => "",
  };

  run(): void {
    while (this.#queue.length > 0) for (const callback of this.#queue.splice(0)) callback();
  }
}

class Recorder implements LinkListener<Frame> {
  readonly heard: string[] = [];
  readonly frames: Frame[] = [];

  frame(frame: Frame): void {
    this.frames.push(frame);
    this.heard.push(frame.type);
  }
  writable(pin: number): void {
    this.heard.push(`writable ${pin}`);
  }
  suspect(): void {
    this.heard.push("suspect");
  }
  restored(): void {
    this.heard.push("restored");
  }
  lost(cause: string): void {
    this.heard.push(`lost: ${cause}`);
  }
}

const info: SocketInfo = { socketId: "s", remoteAddress: "", headers: {}, codec: "json", trusted: {} };
const open = (pin: number): GatewayToInstanceFrame => ({ type: "open", pin, info });
const message = (pin: number, number: number, body = new Uint8Array(10)): MessageFrame => ({
  type: "message",
  pin,
  number,
  id: `${number}`,
  path: "/a",
  messageType: "text",
  body,
  dataStart: -1,
  dataEnd: -1,
  hasMeta: false,
});

const instance = { service: "chat", instanceId: "i1", instanceEpoch: "e1" };

function setup() {
  const turns = new Turns();
  const { runtime } = turns;
  const transport = new LocalTransport({ runtime });
  const problems: Error[] = [];
  const onProblem = (error: Error): void => void problems.push(error);
  const accepted: { link: InstanceLink; listener: Recorder }[] = [];
  const acceptor = new LinkAcceptor({
    transport,
    runtime,
    ...instance,
    onProblem,
    accept: (link) => {
      const listener = new Recorder();
      accepted.push({ link, listener });
      return listener;
    },
  });
  const dialer = new LinkDialer({
    transport,
    runtime,
    gatewayName: "main",
    gatewayId: "g1",
    gatewayEpoch: "ge1",
    onProblem,
  });
  acceptor.start();
  dialer.start();
  const listener = new Recorder();
  const link = dialer.dial(instance, listener);
  const atInstance = (): { link: InstanceLink; listener: Recorder } => {
    const last = accepted.at(-1);
    if (last === undefined) throw new Error("no link was accepted");
    return last;
  };
  return { turns, transport, acceptor, dialer, link, listener, accepted, atInstance, problems };
}

test("frames of one turn travel in order and open a link at the instance", () => {
  const { turns, link, listener, atInstance } = setup();

  link.send(open(1));
  link.send(message(1, 1));
  link.send(message(1, 2));
  turns.run();
  atInstance().link.send({ type: "opened", pin: 1 });
  atInstance().link.send({ type: "end", pin: 1, numbers: [1, 2] });
  turns.run();

  expect(atInstance().listener.heard).toEqual(["open", "message", "message"]);
  expect(atInstance().link.identity).toMatchObject({ gatewayName: "main", gatewayId: "g1", linkId: 1 });
  expect(listener.heard).toEqual(["opened", "end"]);
  expect(link.proofOf(1, 1)).toBe("taken");
});

test("an instance that is not there makes the link lost, with proof that nothing was delivered", () => {
  const { turns, link, listener, acceptor } = setup();
  acceptor.stop();

  link.send(open(1));
  link.send(message(1, 1));
  turns.run();

  expect(listener.heard).toEqual(["suspect", "lost: suspect-timeout"]);
  expect(link.proofOf(1, 1)).toBe("not-delivered");
});

test("a message that was published in this very turn is neither proven handled nor unhandled", () => {
  const { turns, link } = setup();
  link.send(open(1));
  link.send(message(1, 1));
  expect(link.proofOf(1, 1)).toBe("not-delivered");
  turns.run();
  expect(link.proofOf(1, 1)).toBe("taken");
});

test("the end of a message travels in its reply while that has not left", () => {
  const { turns, link, listener, atInstance } = setup();
  link.send(open(1));
  turns.run();
  const reply = (number: number): void => {
    const common = { pin: 1, number, requestId: undefined, messageType: "text", body: "{}" } as const;
    atInstance().link.send({ type: "output", purpose: "reply", ...common });
  };

  reply(1);
  reply(2);
  expect(atInstance().link.endWithReply(1, 1)).toBe(false);
  expect(atInstance().link.endWithReply(1, 2)).toBe(true);
  reply(3);
  turns.run();
  expect(atInstance().link.endWithReply(1, 3)).toBe(false);

  expect(listener.frames).toMatchObject([
    { purpose: "reply", number: 1 },
    { purpose: "last-reply", number: 2 },
    { purpose: "reply", number: 3 },
  ]);
});

test("a full window holds back one pin only and opens again when bytes are consumed", () => {
  const { turns, link, listener, atInstance } = setup();
  const large = new Uint8Array(200 * 1024);
  link.send(open(1));
  link.send(open(2));
  link.send(message(1, 1, large));
  link.send(message(1, 2, large));
  link.send(message(2, 1));
  expect(link.hasCredit(1)).toBe(false);
  expect(link.hasCredit(2)).toBe(true);
  turns.run();
  const at = atInstance();
  expect(at.listener.heard).toEqual(["open", "open", "message", "message"]);

  at.link.consumed(1, large.length);
  turns.run();

  expect(listener.heard).toEqual(["writable 1"]);
  expect(at.listener.heard).toEqual(["open", "open", "message", "message", "message"]);
  expect(link.hasCredit(1)).toBe(true);
});

test("a released pin receives nothing more, and what was sent for it before still arrives", () => {
  const { turns, link, listener, atInstance } = setup();
  link.send(open(1));
  turns.run();
  link.send({ type: "close", pin: 1, status: 1000, reason: "", source: "client" });
  link.release(1);
  atInstance().link.send({ type: "opened", pin: 1 });
  turns.run();

  expect(atInstance().listener.heard).toEqual(["open", "close"]);
  expect(listener.heard).toEqual([]);
});

test("a newer link of the same gateway replaces the older one at the instance", () => {
  const { turns, link, dialer, accepted } = setup();
  link.send(open(1));
  turns.run();

  link.fail("lease-expired");
  const next = dialer.dial(instance, new Recorder());
  next.send(open(1));
  turns.run();

  expect(accepted.map(({ link: { linkId } }) => linkId)).toEqual([1, 2]);
  expect(accepted[0]?.listener.heard).toEqual(["open", "lost: reset"]);
});

test("a link that the instance gave up is reset by its next frame", () => {
  const { turns, link, listener, atInstance } = setup();
  link.send(open(1));
  turns.run();

  atInstance().link.fail("lease-expired");
  link.send(open(2));
  turns.run();

  expect(listener.heard).toEqual(["lost: reset"]);
});

test("trusted facts arrive as a copy that shares nothing with the sender's [weakness:W14]", () => {
  const { turns, link, atInstance } = setup();
  const trusted = { user: { role: "guest" } };
  link.send({ type: "open", pin: 1, info: { ...info, trusted } });
  link.send({ ...message(1, 1), trusted });
  trusted.user.role = "admin";
  turns.run();

  const [opened, received] = atInstance().listener.frames;
  expect(opened).toMatchObject({ info: { trusted: { user: { role: "guest" } } } });
  expect(received).toMatchObject({ trusted: { user: { role: "guest" } } });
});

test("facts that are no JSON are refused where they are sent", () => {
  const { link } = setup();
  expect(() => link.send({ ...message(1, 1), trusted: { big: 1n } })).toThrowErrorMatchingInlineSnapshot(
    `[EurusError: Facts for a service must be JSON, but something under big is not: no cycles, no BigInt.]`,
  );
});

test("a listener that throws is reported and loses no frame behind it", () => {
  const { turns, link, atInstance, problems } = setup();
  link.send(open(1));
  turns.run();
  const { listener } = atInstance();
  listener.frame = (frame) => {
    listener.heard.push(frame.type);
    throw new Error("boom");
  };
  link.send(message(1, 1));
  link.send(message(1, 2));
  turns.run();

  expect(listener.heard).toEqual(["open", "message", "message"]);
  expect(problems).toHaveLength(2);
});

test("stopping the gateway's side fails every link and leaves nothing subscribed", () => {
  const { turns, link, listener, dialer, atInstance } = setup();
  link.send(open(1));
  turns.run();

  dialer.stop();
  atInstance().link.send({ type: "opened", pin: 1 });
  turns.run();

  expect(listener.heard).toEqual(["lost: stopped"]);
  expect(atInstance().listener.heard).toEqual(["open", "suspect", "lost: suspect-timeout"]);
});

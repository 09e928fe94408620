import { expect, test } from "vitest";
import { type ConnectionClosed, type CustomConnection, Router, type SocketMessage } from "../index.ts";
import { json } from "../json.ts";

type Inbound = SocketMessage | ConnectionClosed | undefined;

/** A connection that reads what the test puts in. */
class ScriptedConnection implements CustomConnection {
  readonly written: string[] = [];
  readonly closes: [number, string][] = [];
  reads = 0;
  readonly #inbound: Inbound[] = [];
  #wake: () => void = () => {};

  put(...inbound: Inbound[]): this {
    this.#inbound.push(...inbound);
    this.#wake();
    return this;
  }

  async read(signal: AbortSignal): Promise<Inbound> {
    this.reads += 1;
    while (this.#inbound.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    return this.#inbound.shift();
  }

  write(message: SocketMessage): void {
    this.written.push(new TextDecoder().decode(message.rawData));
  }

  close(status: number, reason: string): void {
    this.closes.push([status, reason]);
  }
}

const text = (value: string, rest: Partial<SocketMessage> = {}): SocketMessage => ({
  type: "text",
  rawData: new TextEncoder().encode(value),
  ...rest,
});

test("a connection of one's own making is served like any other [claim:91]", async () => {
  const router = new Router()
    .use(json())
    .bind("/x", (ctx) => ctx.reply([ctx.remoteAddress, { ...ctx.headers }]));
  const connection = new ScriptedConnection().put(text('{"id":"1","path":"/x"}'), {
    status: 4001,
    reason: "done",
  });

  await router.handleConnection(undefined, connection);

  expect(connection.written).toEqual(['{"id":"1","data":["",{}]}']);
  expect(connection.closes).toEqual([[4001, "done"]]);
});

test("however reading ends, the close chain runs once and the connection is closed once [quirk:Q25]", async () => {
  for (const [ending, status] of [
    [() => Promise.resolve(undefined), 1006],
    [() => Promise.reject(new Error("connection reset")), 1006],
    [() => Promise.resolve({ status: 1000, reason: "" }), 1000],
  ] as const) {
    const seen: number[] = [];
    const closes: number[] = [];
    const router = new Router().use(json()).useClose((ctx) => void seen.push(ctx.closeStatus().status));

    await router.handleConnection(undefined, {
      read: ending,
      write() {},
      close: (code) => void closes.push(code),
    });

    expect(seen).toEqual([status]);
    expect(closes).toEqual([status]);
  }
});

test("a close by the router ends the reading", async () => {
  const router = new Router().use(json()).bind("/leave", (ctx) => ctx.closeWithStatus(4002, "bye"));
  const connection = new ScriptedConnection().put(text('{"path":"/leave"}'));

  await router.handleConnection({ remoteAddress: "somewhere" }, connection);

  expect(connection.closes).toEqual([[4002, "bye"]]);
});

test("no more is read than may be handled", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const router = new Router({ maxHandlersPerSocket: 2 }).use(json()).bind("/x", () => held);
  const connection = new ScriptedConnection().put(...Array<SocketMessage>(10).fill(text('{"path":"/x"}')));

  const served = router.handleConnection(undefined, connection);
  await expect.poll(() => connection.reads).toBe(3);
  release();
  connection.put({ status: 1000, reason: "" });
  await served;

  expect(connection.reads).toBeGreaterThan(9);
});

test("data and metadata that come beside the bytes stand in place of theirs", async () => {
  const router = new Router().use(json()).bind("/x", (ctx) => ctx.reply([ctx.unmarshal(), ctx.meta("user")]));
  const connection = new ScriptedConnection().put(
    text('{"path":"/x","data":"said","meta":{"user":"said"}}', {
      data: new TextEncoder().encode('"given"'),
      meta: { user: "given" },
    }),
    undefined,
  );

  await router.handleConnection(undefined, connection);

  expect(connection.written).toEqual(['{"data":["given","given"]}']);
});

test("a connection that can be pinged is closed when it stops answering", async () => {
  let pings = 0;
  const router = new Router().setPingInterval(5).setPingTimeout(5);
  const connection = Object.assign(new ScriptedConnection(), {
    ping: (signal: AbortSignal): Promise<void> => {
      pings += 1;
      if (pings < 3) return Promise.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  });

  await router.handleConnection(undefined, connection);

  expect(pings).toBe(3);
  expect(connection.closes).toEqual([[1001, "ping timeout"]]);
});

test("a signal ends a connection of one's own with 1001", async () => {
  const stop = new AbortController();
  const endings: unknown[] = [];
  const router = new Router().useClose((ctx) => void endings.push(ctx.closeStatus()));
  const connection = new ScriptedConnection();

  const served = router.handleConnection(undefined, connection, { signal: stop.signal });
  stop.abort();
  await served;

  expect(endings).toEqual([{ status: 1001, reason: "", source: "server" }]);
  expect(connection.closes).toEqual([[1001, ""]]);
});

test("a connection that can't be closed fails the call that serves it, whether it throws or rejects", async () => {
  const problem = new Error("can't close");
  const closes: CustomConnection["close"][] = [
    () => {
      throw problem;
    },
    () => Promise.reject(problem),
  ];
  for (const close of closes) {
    const connection = { read: () => Promise.resolve(undefined), write() {}, close };

    await expect(new Router().handleConnection(undefined, connection)).rejects.toBe(problem);
  }
});

test("a ping that throws at once is a missing answer like any other", async () => {
  const router = new Router().setPingInterval(5).setPingTimeout(0);
  const connection = Object.assign(new ScriptedConnection(), {
    ping: (): Promise<void> => {
      throw new Error("can't ping");
    },
  });

  await router.handleConnection(undefined, connection);

  expect(connection.closes).toEqual([[1001, "ping timeout"]]);
});

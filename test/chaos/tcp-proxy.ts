import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

/** What becomes of bytes: they pass, or wait as behind a cable that was pulled, in one direction or both. */
export type ProxyMode = "pass" | "hold" | "hold-up" | "hold-down";

/**
 * A wire that can be cut, between a process and its nats-server. What is held back arrives when the wire is whole
 * again, as with TCP, unless somebody has given the connection up meanwhile; nobody is told of the cut.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, target: Socket]>();
  #mode: ProxyMode = "pass";

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, connect(targetPort, "127.0.0.1")));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `nats://127.0.0.1:${address.port}`;
  }

  /** Takes effect for open connections too. */
  set mode(mode: ProxyMode) {
    this.#mode = mode;
    for (const pair of this.#pairs) this.#apply(...pair);
  }

  /** Ends every connection with a reset. */
  reset(): void {
    for (const [client, target] of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.reset();
    await closed;
  }

  #join(client: Socket, target: Socket): void {
    const pair = [client, target] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [target, client] as const]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        // Writing is what fills the other side's window, so that a sender meets back-pressure as on a real wire.
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => this.#apply(...pair));
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
    this.#apply(...pair);
  }

  #apply(client: Socket, target: Socket): void {
    const held = this.#mode;
    if (held === "hold" || held === "hold-up") client.pause();
    else client.resume();
    if (held === "hold" || held === "hold-down") target.pause();
    else target.resume();
  }
}

/**
 * An instance of a service, as a gateway knows it. Named as on the `Service` object that it is: where somebody
 * else speaks of it, as events do, these are `instanceId` and `service`.
 */
export interface KnownInstance {
  /** Id of the instance, `id` of its {@link Service}. */
  readonly id: string;
  /** Name of the service, which its instances share. */
  readonly name: string;
  /** The patterns that it serves. */
  readonly routes: readonly string[];
  /** It is about to stop and takes no new clients. */
  readonly draining: boolean;
  /** The bus found nobody at its address, and it has not been heard of since. */
  readonly suspect: boolean;
  /** How many of this gateway's clients are pinned there. */
  readonly pins: number;
}

/** The socket of a client at a gateway. */
export interface ConnectedSocket {
  /** The same id that services see as `ctx.socketId`, and events tell as `socketId`. */
  readonly id: string;
  readonly remoteAddress: string;
  readonly pins: readonly { readonly service: string; readonly instanceId: string }[];
  /** How many of its messages with ids have no outcome yet. */
  readonly openMessages: number;
  /** It is not read until a service has room for its messages. */
  readonly waiting: boolean;
}

import type { Context } from "../context.ts";
import type { MessageContext } from "../context/message-context.ts";
import { VelarosError, toError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { ErrorListener, SocketHost, UnansweredEvent } from "../socket/host.ts";
import type { RouterOptions } from "./options.ts";

/** Tells whoever wants to know what goes wrong in a router. An error that nobody wants to know of goes to the log. */
export class Reports implements Pick<SocketHost, "failed" | "unanswered" | "codecMissing"> {
  readonly #logger: Logger;
  readonly #onUnanswered: ((event: UnansweredEvent) => void) | undefined;
  readonly #listeners = new Set<ErrorListener>();
  #saidCodecMissing = false;

  constructor({ onError, onUnanswered }: RouterOptions<string>, logger: Logger) {
    this.#logger = logger;
    this.#onUnanswered = onUnanswered;
    if (onError !== undefined) this.#listeners.add(onError);
  }

  /** Calls `listener` with each error, in place of the line in the log. Returns the way to stop. */
  listen(listener: ErrorListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  failed(error: Error, context: Context | undefined, listenerOfConnection?: ErrorListener): void {
    const listeners =
      listenerOfConnection === undefined
        ? this.#listeners
        : new Set(this.#listeners).add(listenerOfConnection);
    if (listeners.size === 0) {
      const about = context === undefined ? undefined : { path: context.path, socketId: context.socketId };
      this.#logger.error({ error, ...about }, "A handler failed.");
      return;
    }
    for (const listener of listeners) {
      try {
        listener(error, context);
      } catch (cause) {
        this.#logger.error({ error: toError(cause) }, "An error listener failed.");
      }
    }
  }

  unanswered(event: UnansweredEvent): void {
    try {
      this.#onUnanswered?.(event);
    } catch (error) {
      this.failed(toError(error), undefined);
    }
  }

  /** A mistake of whoever wrote the program, and easily made: worth one word, not one per message. */
  codecMissing(context: MessageContext): void {
    if (this.#saidCodecMissing) return;
    this.#saidCodecMissing = true;
    context.socket.failed(new VelarosError("VELAROS_CODEC_MISSING", { action: "read a message" }), context);
  }
}

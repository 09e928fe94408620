import type { Conversation } from "../conversation/conversation.ts";
import type { Delivered } from "../conversation/delivered.ts";
import { Inbox } from "../conversation/inbox.ts";
import { VelarosError } from "../errors.ts";
import { rejected } from "../promises.ts";
import type { WaitOptions } from "../socket.ts";
import { encodeMessage } from "./encode.ts";
import type { MessageContext } from "./message-context.ts";

/** The next message for the handler that is running: the one that started it, then those with the same id. */
export function receiveMessage(
  context: MessageContext,
  options: WaitOptions | undefined,
): Promise<Delivered> {
  const { exchange, step } = context;
  if (exchange.kind !== "message" || step === undefined) {
    return rejected(new VelarosError("VELAROS_NO_MESSAGE", { action: "receive" }));
  }
  const refusal = refusalOf(options);
  if (refusal !== undefined) return rejected(refusal.reason);
  if (context.started?.includes(step) !== true) {
    (context.started ??= []).push(step);
    if (context.data !== undefined) return Promise.resolve(context);
  }
  const conversation = exchange.join();
  if (conversation === undefined)
    return rejected(new VelarosError("VELAROS_ID_REQUIRED", { path: context.path }));
  const { path } = context;
  return ownInbox(context, conversation).wait(options, {
    mayBeEmpty: false,
    timedOut: (timeoutMs) => new VelarosError("VELAROS_RECEIVE_TIMEOUT", { path, timeoutMs }),
  });
}

/** Asks the client. The id is the conversation's when that is free for it, else a fresh one. */
export function requestMessage(
  context: MessageContext,
  data: unknown,
  options: WaitOptions | undefined,
): Promise<Delivered> {
  const { exchange, socket, path } = context;
  if (exchange.kind === "close") {
    return rejected(new VelarosError("VELAROS_NO_MESSAGE", { action: "request" }));
  }
  const refusal = refusalOf(options);
  if (refusal !== undefined) return rejected(refusal.reason);
  const own = exchange.join();
  const inboxOfOwn = own === undefined ? undefined : ownInbox(context, own);
  const free = own !== undefined && own.queued === 0 && inboxOfOwn?.isFresh === true;
  const id = free ? own.id : socket.runtime.randomUuid();
  const type = context.messageType;
  let payload: Uint8Array | string;
  try {
    payload = encodeMessage(context, type, {
      id,
      path: path === "" ? undefined : path,
      status: undefined,
      data,
    });
  } catch (error) {
    return rejected(error);
  }
  const inbox = free && inboxOfOwn !== undefined ? inboxOfOwn : freshInbox(context, id);
  // Waiting begins before sending: the answer may come at once.
  const timed = {
    signal: options?.signal,
    timeoutMs: options?.timeoutMs ?? socket.settings.requestTimeoutMs,
  };
  const answer = inbox.wait(timed, {
    mayBeEmpty: true,
    timedOut: (timeoutMs) => new VelarosError("VELAROS_REQUEST_TIMEOUT", { path, timeoutMs }),
  });
  return socket.ask(payload, type, id, answer, inbox === inboxOfOwn ? undefined : inbox);
}

/** Why waiting like this can't even begin. */
export function refusalOf(options: WaitOptions | undefined): { readonly reason: unknown } | undefined {
  if (options?.signal?.aborted === true) return { reason: options.signal.reason };
  const timeoutMs = options?.timeoutMs ?? 0;
  if (timeoutMs >= 0) return undefined;
  return {
    reason: new VelarosError("VELAROS_OPTION_INVALID", {
      option: "timeoutMs",
      received: timeoutMs,
      expected: "0 or more",
    }),
  };
}

/** The inbox of the running handler in the conversation of its message. */
function ownInbox(context: MessageContext, conversation: Conversation): Inbox {
  const { exchange, step } = context;
  const existing =
    step === undefined
      ? undefined
      : exchange.inboxes?.find((inbox) => inbox.conversation === conversation && inbox.isAt(context, step));
  return existing ?? openInbox(context, conversation, exchange.wirePath);
}

function freshInbox(context: MessageContext, id: string): Inbox {
  return openInbox(context, context.socket.conversation(id), context.exchange.wirePath || context.path);
}

function openInbox(context: MessageContext, conversation: Conversation, path: string): Inbox {
  const { exchange, step, socket } = context;
  const inbox = new Inbox(socket, conversation, {
    owner: exchange,
    path,
    ...(step === undefined || exchange.kind !== "message" ? undefined : { position: { context, step } }),
  });
  (exchange.inboxes ??= []).push(inbox);
  return inbox;
}

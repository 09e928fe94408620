import type { ContextSocket } from "../context/context-socket.ts";
import { encodeWith } from "../context/encode.ts";
import { refusalOf } from "../context/wait.ts";
import { Inbox } from "../conversation/inbox.ts";
import { VelarosError } from "../errors.ts";
import type { SocketRequestOptions } from "../socket.ts";

/** Asks a client from outside of any handler, and decodes its answer. */
export async function askClient(
  socket: ContextSocket,
  data: unknown,
  options: SocketRequestOptions | undefined,
): Promise<unknown> {
  if (socket.closed) throw socket.closedError("request");
  const refusal = refusalOf(options);
  if (refusal !== undefined) throw refusal.reason;
  const id = socket.runtime.randomUuid();
  const path = options?.path ?? "";
  const codec = socket.encoder;
  const type = codec?.messageType ?? "text";
  const payload = encodeWith(codec, type, { id, path: options?.path, status: undefined, data });
  const inbox = new Inbox(socket, socket.conversation(id), { path });
  const answer = inbox.wait(
    { signal: options?.signal, timeoutMs: options?.timeoutMs ?? socket.settings.requestTimeoutMs },
    {
      mayBeEmpty: true,
      timedOut: (timeoutMs) => new VelarosError("VELAROS_REQUEST_TIMEOUT", { path, timeoutMs }),
    },
  );
  socket.reader.questionOpens(1);
  try {
    const message = await socket.ask(payload, type, id, answer, inbox);
    return message.data === undefined ? undefined : (message.codec ?? codec)?.decodeData(message.data);
  } finally {
    socket.reader.questionOpens(-1);
  }
}

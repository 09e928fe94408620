import type { Step } from "../chain/message-node.ts";
import { toError } from "../errors.ts";
import { isPromiseLike, settled } from "../promises.ts";
import type { MessageContext } from "./message-context.ts";

/**
 * Runs the next handler of the chain, and with it whatever it passes the message on to.
 *
 * @returns undefined when all of that has finished already; else a promise that never rejects.
 */
export function runNext(context: MessageContext): Promise<void> | undefined {
  const step = nextStep(context);
  if (step === undefined) return undefined;
  const { conversation, addressee } = context.exchange;
  const inboxes = conversation?.inboxes;
  if ((inboxes !== undefined && inboxes.length > 0) || addressee !== undefined) {
    return deliverOrRun(context, step);
  }
  return runStep(context, step);
}

/** Moves on to the next handler whose node takes the path; undefined at the end, after an error or a close. */
function nextStep(context: MessageContext): Step | undefined {
  if (context.exchange.kind !== "close" && (context.error !== undefined || context.socket.closed)) {
    noteHandled(context);
    return undefined;
  }
  if (context.path !== context.routedPath) reroute(context);
  for (;;) {
    const match = context.matches[context.matchIndex];
    if (match === undefined) {
      context.ranOff = true;
      return undefined;
    }
    const step = match.node.steps[context.stepIndex];
    if (step !== undefined) {
      context.stepIndex += 1;
      context.enterStep(match, step);
      return step;
    }
    context.matchIndex += 1;
    context.stepIndex = 0;
  }
}

/** The path is new: finds its nodes, and our place among them. Earlier nodes never run again. */
function reroute(context: MessageContext): void {
  const here = context.matches[context.matchIndex]?.node.order ?? -1;
  const wasHere = context.routedPath !== undefined;
  context.routedPath = context.path;
  context.matches = context.chain?.find(localPath(context), context.socket.publicOnly) ?? [];
  if (!wasHere) return;
  let index = 0;
  while ((context.matches[index]?.node.order ?? Infinity) < here) index += 1;
  context.matchIndex = index;
  if (context.matches[index]?.node.order !== here) context.stepIndex = 0;
}

/** The part of `path` that the router of this context sees; undefined when the path lies outside of it. */
function localPath(context: MessageContext, path: string = context.path): string | undefined {
  if (context.parent === undefined) return path;
  const outer = localPath(context.parent, path);
  const mount = context.parent.current?.node.mount;
  return outer === undefined || mount === undefined ? outer : mount.remainder(outer);
}

/** A message of a conversation goes to the handler that waits for it, when it has come to its place in the chain. */
function deliverOrRun(context: MessageContext, step: Step): Promise<void> | undefined {
  const { exchange } = context;
  const inbox = exchange.conversation?.inboxes?.findLast(
    (candidate) => candidate.owner !== exchange && candidate.isAt(context, step),
  );
  if (inbox === undefined) {
    // Its handler has ended meanwhile, and a message without path starts none.
    return exchange.addressee?.isAt(context, step) === true ? undefined : runStep(context, step);
  }
  exchange.handled = true;
  const outcome = inbox.offer(context);
  if (outcome === "delivered") return undefined;
  return outcome.then((late) => {
    if (late === "delivered" || context.socket.closed) return undefined;
    exchange.handled = false;
    return exchange.addressee === undefined ? startAnew(context, step) : undefined;
  });
}

/** A message that was meant for a handler, which ended without it, starts one: only now its data has to fit the route. */
function startAnew(context: MessageContext, step: Step): Promise<void> | undefined {
  const { current } = context;
  const check = current?.node.schemas?.input === undefined ? undefined : current.node.steps[0];
  if (current === undefined || check === undefined || context.validated?.node === current.node) {
    return runStep(context, step);
  }
  context.stepIndex = current.node.steps.indexOf(step);
  context.enterStep(current, check);
  return runStep(context, check);
}

function runStep(context: MessageContext, step: Step): Promise<void> | undefined {
  context.level += 1;
  const { level } = context;
  context.nextAllowed = true;
  let result: unknown;
  try {
    result = step.run(context);
    if (result !== undefined && !isPromiseLike(result)) result = context.reply(result);
  } catch (thrown) {
    context.error = toError(thrown);
    leaveStep(context, level);
    return undefined;
  }
  if (result === undefined || result === settled) {
    leaveStep(context, level);
    return undefined;
  }
  return finishStep(context, level, result);
}

/** Waits for a handler; answers with what its promise resolves to. */
async function finishStep(context: MessageContext, level: number, result: unknown): Promise<void> {
  try {
    const value = await result;
    if (value !== undefined) await context.reply(value);
  } catch (thrown) {
    context.error = toError(thrown);
  }
  leaveStep(context, level);
}

/** A handler has ended. If it was the last to be called and did not pass the message on, it has dealt with it. */
function leaveStep(context: MessageContext, level: number): void {
  if (context.level !== level || !context.nextAllowed) return;
  context.nextAllowed = false;
  noteHandled(context);
}

/**
 * Somebody has dealt with the message. So it is after an error too, should a handler further out clear that; only bytes
 * that no codec could read are always answered.
 */
function noteHandled({ error, exchange }: MessageContext): void {
  if (error === undefined || exchange.decoded) exchange.handled = true;
}

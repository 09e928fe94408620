import { EurusError } from "../errors.ts";
import type { Frame, SocketInfo } from "./frame.ts";

/** The JSON of facts or metadata that a frame carries. */
export function factsToJson(facts: Readonly<Record<string, unknown>>): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(facts);
  } catch (cause) {
    throw new EurusError("EURUS_FACTS_INVALID", { keys: Object.keys(facts) }, { cause });
  }
  // With a method toJSON it may be anything, which the reader would take for a broken packet.
  if (json?.startsWith("{") !== true)
    throw new EurusError("EURUS_FACTS_INVALID", { keys: Object.keys(facts) });
  return json;
}

/** Facts out of JSON, without a prototype: keys like `__proto__` stay ordinary keys. */
export function factsFromJson(json: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new TypeError("facts are a JSON object");
  }
  const facts: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(parsed)) facts[key] = value;
  return facts;
}

function copyFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return factsFromJson(factsToJson(facts));
}

function copyInfo(info: SocketInfo): SocketInfo {
  const headers: Record<string, string> = Object.create(null);
  return { ...info, headers: Object.assign(headers, info.headers), trusted: copyFacts(info.trusted) };
}

/**
 * The frame as the other process would see it: values that somebody could change, such as trusted facts, are
 * copied. Client bytes are not; nobody writes into them.
 */
export function detach<Any extends Frame>(frame: Any): Any {
  if (frame.type === "open") return { ...frame, info: copyInfo(frame.info) };
  if (frame.type !== "message" || (frame.trusted === undefined && frame.replacedMeta === undefined))
    return frame;
  return {
    ...frame,
    trusted: frame.trusted && copyFacts(frame.trusted),
    replacedMeta: frame.replacedMeta && copyFacts(frame.replacedMeta),
  };
}

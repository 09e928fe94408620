import type { Envelope } from "../envelope.ts";
import { describe, encodeProblem } from "../problem.ts";

/** Ids and paths that need no escaping, which nearly all are. */
const plain = /^[ !#-[\]-~]*$/;

/**
 * Writes an envelope as JSON text. The routing fields come first, so that readers find them early; keys of
 * missing parts are left out.
 */
export function encodeText(envelope: Envelope): string {
  const { id, path, meta, status, error, data } = envelope;
  // What most replies are. Written in one call: putting pieces together copies a long text once more.
  if (id && !path && meta === undefined && !status && error === undefined && isPlainValue(data)) {
    return stringify({ id, data }, "data", id);
  }
  let text = "";
  if (id) text = `{"id":${quote(id)}`;
  if (path) text += `${text === "" ? "{" : ","}"path":${quote(path)}`;
  if (meta !== undefined) text += `${text === "" ? "{" : ","}"meta":${stringify(meta, "meta", id)}`;
  if (status) text += `${text === "" ? "{" : ","}"status":${stringify(status, "status", id)}`;
  if (error !== undefined) text += `${text === "" ? "{" : ","}"error":${stringify(error, "error", id)}`;
  if (data !== undefined) text += `${text === "" ? "{" : ","}"data":${stringify(data, "data", id)}`;
  return text === "" ? "{}" : `${text}}`;
}

/** Writes one value as JSON text. */
export function stringify(value: unknown, part: string, id?: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw encodeProblem("json", `${part}: ${describe(cause)}`, id, cause);
  }
  if (text === undefined) throw encodeProblem("json", `${part} of type ${typeof value} has no JSON form`, id);
  return text.includes("\\ud") ? replaceHalfCharacters(text) : text;
}

/** Nothing that JSON leaves out, or that writes itself in a way that could be nothing. */
function isPlainValue(value: unknown): boolean {
  const type = typeof value;
  if (type !== "object") return type === "string" || type === "number" || type === "boolean";
  return value === null || typeof (value as { readonly toJSON?: unknown }).toJSON !== "function";
}

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : stringify(text, "a string");
}

/** `JSON.stringify` escapes nothing but lone surrogates as `\udxxx`. Receivers refuse those as they refuse bad UTF-8. */
function replaceHalfCharacters(text: string): string {
  return text.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (escape) => (escape.length === 6 ? "\ufffd" : escape));
}

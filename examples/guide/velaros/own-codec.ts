// An encoding of one's own: JSON in which dates are dates.
import { CodecMiddleware, Router } from "velaros";
import { jsonCodec } from "velaros/json";
import type { Codec } from "velaros-protocol";

const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const jsonWithDates: Codec = {
  ...jsonCodec,
  name: "json-dates",
  subprotocol: "example-json-dates",
  decodeData: (bytes) => revive(jsonCodec.decodeData(bytes)),
  decode: (bytes) => {
    const envelope = jsonCodec.decode(bytes);
    return "data" in envelope ? { ...envelope, data: revive(envelope.data) } : envelope;
  },
};

function revive(value: unknown): unknown {
  if (typeof value === "string" && isoDate.test(value)) return new Date(value);
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]));
}

export const router = new Router()
  .use(new CodecMiddleware(jsonWithDates))
  .bind("/year", (ctx) => ({ year: ctx.unmarshal<Date>().getUTCFullYear() }));

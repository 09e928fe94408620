import { expect, test } from "vitest";
import { ErrorBody, FieldError, FieldErrors } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";

const toData = (body: unknown): unknown => jsonCodec.toData(body);

test("sends a native error with its message and an empty list of fields as a list [quirk:Q30]", () => {
  expect(toData(new TypeError("No such user"))).toEqual({ error: "No such user" });
  expect(toData(new FieldErrors([]))).toEqual({ error: "Validation error", fields: [] });
});

test("sends one field error, an array of them and a list alike", () => {
  const error = new FieldError("name", "is missing");
  const expected = { error: "Validation error", fields: [{ name: "is missing" }] };

  expect(toData(error)).toEqual(expected);
  expect(toData([error])).toEqual(expected);
  expect(toData(new FieldErrors([error]))).toEqual(expected);
});

test("sends a field named __proto__ as an ordinary field", () => {
  const data = toData(new FieldError("__proto__", "is odd"));

  expect(JSON.stringify(data)).toBe('{"error":"Validation error","fields":[{"__proto__":"is odd"}]}');
});

test("wraps strings and error bodies, and leaves values alone", () => {
  const value = { any: ["thing"] };

  expect(toData("")).toEqual({ message: "" });
  expect(toData(new ErrorBody("bad"))).toEqual({ error: "bad" });
  expect(toData(value)).toBe(value);
  expect(toData(0)).toBe(0);
  expect(toData([])).toEqual([]);
});

test("sends no data for null and undefined", () => {
  expect(toData(null)).toBeUndefined();
  expect(toData(undefined)).toBeUndefined();
});

test("sends bytes of any view as base64 text in JSON, as bytes in MessagePack", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256);

  expect(toData(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  expect(toData(new DataView(bytes.buffer, 1, 2))).toBe("AQI=");
  expect(toData(Uint8Array.of(1, 2).buffer)).toBe("AQI=");
  expect(msgpackCodec.toData(Buffer.from([1, 2]))).toEqual(Uint8Array.of(1, 2));
});

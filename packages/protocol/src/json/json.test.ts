import { expect, test } from "vitest";
import { CodecError } from "velaros-protocol";
import { decode, encode, jsonCodec } from "velaros-protocol/json";

const accepted = [
  "0",
  "-0",
  "10.25",
  "1e5",
  "1E+5",
  "-1.5e-3",
  "123456789012345678901234567890",
  '""',
  '" "',
  '"\\u0041\\u00e9\\/\\b\\f\\n\\r\\t\\\\\\""',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"\u007f"',
  '"\u2028\u2029"',
  '"\ufeff"',
  '"\\\\"',
  '"\\\\\\""',
  `"${"\\\\".repeat(40)}"`,
  `"${"x".repeat(60)}\\""`,
  "true",
  "false",
  "null",
  "[]",
  "[ ]",
  "[[],{}]",
  '{"":0}',
  '{"a":1,"a":2}',
  '{"a":"}"}',
  '["]"]',
  " \t\r\n1 \t\r\n",
];

test.for(accepted)("accepts %j as data and as an unknown member", (text) => {
  const data = decode(bytesOf(`{"data":${text},"path":"/a"}`));
  const unknown = decode(bytesOf(`{"other":${text},"path":"/a"}`));

  expect(data).toEqual({ path: "/a", data: JSON.parse(text) });
  expect(unknown).toEqual({ path: "/a" });
});

const refused = [
  "",
  "+1",
  "01",
  "-",
  "1.",
  ".5",
  "1e",
  "0x10",
  "1 2",
  "NaN",
  "Infinity",
  "True",
  "nul",
  "undefined",
  "'a'",
  '"a',
  '"\\x"',
  '"\\u12"',
  '"\\u12g4"',
  '"\\"',
  '"\t"',
  '"\u0000"',
  "[1,]",
  "[,1]",
  "[1 2]",
  "[1",
  "1]",
  "[}",
  "{]",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,"a":1}',
  '{"a" 1}',
  "{a:1}",
  '{1:"a"}',
  "// comment\n1",
  "/**/1",
  "\ufeff1",
  "\u00a01",
  "1\u000c",
  "\u0000",
];

test.for(refused)("refuses %j as data and as an unknown member", (text) => {
  const data = bytesOf(`{"path":"/a","data":${text}}`);
  const unknown = bytesOf(`{"path":"/a","other":${text}}`);

  expect(() => decode(data)).toThrow(CodecError);
  expect(() => decode(unknown)).toThrow(CodecError);
  expect(() => jsonCodec.outline(unknown)).toThrow(CodecError);
});

const refusedEnvelopes = [
  "",
  "{",
  "}",
  "{}x",
  "{} {}",
  "{,}",
  '{"path"}',
  '{"path":"/a",,"id":"1"}',
  '{"path":"/a" "id":"1"}',
  '{"path":"/a"]',
  '\ufeff{"path":"/a"}',
  "[]",
  '{"path":"/\\ud800"}',
  '{"path":"/a","id":"\\udc00"}',
];

test.for(refusedEnvelopes)("refuses the envelope %j in the outline already", (text) => {
  expect(() => jsonCodec.outline(bytesOf(text))).toThrow(CodecError);
});

test("finds a syntax error inside the data only when the data is decoded", () => {
  const bytes = bytesOf('{"id":"7","path":"/a","data":{"a":tru}}');
  const outline = jsonCodec.outline(bytes);

  expect(outline).toMatchObject({ id: "7", path: "/a" });
  expect(() => jsonCodec.decodeData(bytes.subarray(outline.dataStart, outline.dataEnd))).toThrow(CodecError);
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ id: "7" }));
});

test.for([
  '{"id":"7","path":5}',
  '{"path":5,"id":"7"}',
  '{"meta":"x","id":"7"}',
  '{"id":"7","path":"/a"',
  '{"id":"7","path":"/a"}}',
  '{"id":"7","data":[1,2}',
])("tells the id of the refused message %j [fault:E1]", (text) => {
  expect(() => jsonCodec.outline(bytesOf(text))).toThrow(expect.objectContaining({ id: "7" }));
});

test("knows only the exact keys, and wants an object [quirk:Q28]", () => {
  expect(decode(bytesOf('{"path":"/a","PATH":"/b","Id":"x","DATA":1}'))).toEqual({ path: "/a" });
  expect(() => decode(bytesOf("null"))).toThrow(CodecError);
});

test("lets the last of duplicate keys win, and checks the others too [fault:E4]", () => {
  expect(decode(bytesOf('{"data":1,"path":"/a","data":{"a":2},"pa\\u0074h":"/b"}'))).toEqual({
    path: "/b",
    data: { a: 2 },
  });
  expect(() => jsonCodec.outline(bytesOf('{"data":tru,"data":1}'))).toThrow(CodecError);
  expect(() => jsonCodec.outline(bytesOf('{"meta":{x},"meta":{}}'))).toThrow(CodecError);
});

test("keeps status and error of answers, and ignores malformed ones as unknown members", () => {
  expect(
    decode(bytesOf('{"status":404,"error":{"code":"NOT_FOUND","message":"No.","details":{"a":1},"x":1}}')),
  ).toEqual({
    status: 404,
    error: { code: "NOT_FOUND", message: "No.", details: { a: 1 } },
  });
  expect(decode(bytesOf('{"status":"404","error":{"code":5}}'))).toEqual({});
});

test("writes routing fields first and escapes what needs it", () => {
  const text = new TextDecoder().decode(encode({ data: "\u2028\ud800", path: '/"a"', id: "é" }));

  expect(text).toBe('{"id":"é","path":"/\\"a\\"","data":"\u2028\ufffd"}');
});

test("does not take an escaped backslash before ud800 for half a character", () => {
  expect(decode(encode({ data: "\\ud800 \\\ud800" })).data).toBe("\\ud800 \\\ufffd");
});

test("says which part can't be encoded", () => {
  expect(() => encode({ id: "1", data: () => 1 })).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't encode this message as json: data of type function has no JSON form]`,
  );
  expect(() => encode({ id: "1", data: { big: 1n } })).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't encode this message as json: data: Do not know how to serialize a BigInt]`,
  );
});

test("says what is wrong with a message and where", () => {
  expect(() => decode(bytesOf('{"path":/a}'))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: Unexpected token '/', "/a" is not valid JSON]`,
  );
  expect(() => decode(bytesOf('{"path":"/a" x'))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: "x" is unexpected at byte 13]`,
  );
  expect(() => decode(bytesOf('{"id":1}'))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: "id" is neither a string nor null]`,
  );
  expect(() => decode(bytesOf('{"path":"/a"'))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: the message ends too early, after 12 bytes]`,
  );
  expect(() => decode(bytesOf("[]"))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: the envelope is not an object]`,
  );
  expect(() => decode(bytesOf('{"path":"/a"} {}'))).toThrowErrorMatchingInlineSnapshot(
    `[CodecError: Can't decode this message as json: something follows the envelope at byte 14]`,
  );
});

test("a reply is written as its parts are, and what has no JSON form is refused in it too", () => {
  const written = (data: unknown): string => new TextDecoder().decode(encode({ id: "1", data }));

  expect(written({ a: [1, "b", null] })).toBe('{"id":"1","data":{"a":[1,"b",null]}}');
  expect(written(null)).toBe('{"id":"1","data":null}');
  expect(written(new Date(0))).toBe('{"id":"1","data":"1970-01-01T00:00:00.000Z"}');
  expect(written("\ud800")).toBe('{"id":"1","data":"\ufffd"}');
  expect(new TextDecoder().decode(encode({ id: "\ud800", data: 1 }))).toBe('{"id":"\ufffd","data":1}');
  expect(() => written({ toJSON: () => undefined })).toThrow("data of type object has no JSON form");
  expect(() => written(Symbol("x"))).toThrow("data of type symbol has no JSON form");
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

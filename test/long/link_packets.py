"""A reader and writer of the packets between gateway and service, made from docs/protocol.md alone.

    link_packets.py < lines of hexadecimal text

For each line it prints a line of JSON: what it read and the bytes that it writes for that, or why it can't be read.
"""

import json
import struct
import sys

VERSION = 1
KINDS = range(1, 7)
BATCH = 1
NEW, AGAIN, ANSWER = 1, 2, 4
REFUSALS = ["DRAINING", "OVERLOADED", "WRONG_EPOCH", "INVALID", "WRONG_CODEC"]
MAX_EPOCH_LENGTH = 64
PURPOSES = ["reply", "push", "request", "last-reply"]
REPLIES = ["reply", "last-reply"]
SOURCES = ["client", "server"]
HEADER = struct.Struct("!BBBBII6s6s")


class Unreadable(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Unreadable(why)


def fnv1a(text):
    value = 0x811C9DC5
    for byte in text.encode("ascii", "replace"):
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    @property
    def is_at_end(self):
        return self.at == len(self.data)

    def take(self, count):
        need(len(self.data) - self.at >= count, "it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = 0
        for index in range(7):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                return value
        raise Unreadable("a varint of more than seven bytes")

    def bytes(self):
        return self.take(self.varint())

    def text(self):
        try:
            return self.bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable("a text that is not UTF-8") from None

    def object(self):
        try:
            value = json.loads(self.text(), parse_constant=lambda name: need(False, name))
        except (ValueError, RecursionError):
            raise Unreadable("not JSON") from None
        need(isinstance(value, dict), "not a JSON object")
        return value


def read_packet(data):
    reader = Reader(data)
    version, kind, flags, _, link_id, tag, sequence, ack = HEADER.unpack(reader.take(HEADER.size))
    need(version == VERSION, "another version")
    need(kind in KINDS, "an unknown kind")
    packet = {
        "header": {
            "kind": kind,
            "flags": flags,
            "linkId": link_id,
            "tag": tag,
            "sequence": int.from_bytes(sequence, "big"),
            "ack": int.from_bytes(ack, "big"),
        }
    }
    if flags & NEW:
        packet["epochs"] = {"gatewayEpoch": reader.text(), "instanceEpoch": reader.text()}
        for epoch in packet["epochs"].values():
            need(len(epoch) <= MAX_EPOCH_LENGTH, "an epoch that is too long")
    packet["frames"] = []
    while kind == BATCH and not reader.is_at_end:
        packet["frames"].append(read_frame(reader))
    return packet


def read_frame(reader):
    type = reader.byte()
    need(type in FRAMES, "an unknown type of frame")
    pin = reader.varint()
    need(1 <= pin <= 2**32 - 1, "a pin out of range")
    name, read, _ = FRAMES[type]
    return {"type": name, "pin": pin, **read(reader)}


def write_packet(packet):
    header = packet["header"]
    parts = [
        HEADER.pack(
            VERSION,
            header["kind"],
            header["flags"],
            0,
            header["linkId"],
            header["tag"],
            header["sequence"].to_bytes(6, "big"),
            header["ack"].to_bytes(6, "big"),
        )
    ]
    if "epochs" in packet:
        parts += [text(packet["epochs"]["gatewayEpoch"]), text(packet["epochs"]["instanceEpoch"])]
    for frame in packet["frames"]:
        type = next(type for type, (name, _, _) in FRAMES.items() if name == frame["type"])
        parts += [bytes([type]), varint(frame["pin"]), FRAMES[type][2](frame)]
    return b"".join(parts)


def varint(value):
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(result) + bytes([value])


def block(data):
    return varint(len(data)) + data


def text(value):
    return block(value.encode("utf-8"))


def object_text(value):
    try:
        return text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except UnicodeEncodeError:  # half a character, which JSON can carry in an escape only
        return text(json.dumps(value, separators=(",", ":")))


# ---- the frames


def nothing_read(_):
    return {}


def nothing_written(_):
    return b""


def read_open(reader):
    info = {"socketId": reader.text(), "remoteAddress": reader.text()}
    codec = reader.text()
    if codec:
        info["codec"] = codec
    info["headers"] = {name: value for name, value in ((reader.text(), reader.text()) for _ in range(reader.varint()))}
    info["trusted"] = reader.object()
    return {"info": info}


def write_open(frame):
    info = frame["info"]
    headers = [text(name) + text(value) for name, value in info["headers"].items()]
    return b"".join(
        [
            text(info["socketId"]),
            text(info["remoteAddress"]),
            text(info.get("codec", "")),
            varint(len(headers)),
            *headers,
            object_text(info["trusted"]),
        ]
    )


def read_refused(reader):
    code = reader.byte()
    need(code < len(REFUSALS), "an unknown refusal")
    return {"code": REFUSALS[code]}


def write_refused(frame):
    return bytes([REFUSALS.index(frame["code"])])


def read_message(reader):
    flags = reader.byte()
    message = {"number": 0, "messageType": "binary" if flags & 1 else "text"}
    if flags & 2:
        message["id"] = reader.text()
    if flags & 4:
        message["path"] = reader.text()
    start, length = (reader.varint(), reader.varint()) if flags & 8 else (-1, 0)
    message["dataStart"] = start
    message["dataEnd"] = start + length
    message["hasMeta"] = flags & 16 != 0
    if flags & 32:
        message["replacedData"] = reader.bytes().hex()
    if flags & 64:
        message["replacedMeta"] = reader.object()
    if flags & 128:
        message["trusted"] = reader.object()
    body = reader.bytes()
    need(message["dataEnd"] <= len(body), "data outside of the body")
    message["body"] = body.hex()
    return message


def write_message(frame):
    has_data = frame["dataStart"] >= 0
    flags = (
        (1 if frame["messageType"] == "binary" else 0)
        | (2 if "id" in frame else 0)
        | (4 if "path" in frame else 0)
        | (8 if has_data else 0)
        | (16 if frame["hasMeta"] else 0)
        | (32 if "replacedData" in frame else 0)
        | (64 if "replacedMeta" in frame else 0)
        | (128 if "trusted" in frame else 0)
    )
    parts = [bytes([flags])]
    if "id" in frame:
        parts.append(text(frame["id"]))
    if "path" in frame:
        parts.append(text(frame["path"]))
    if has_data:
        parts += [varint(frame["dataStart"]), varint(frame["dataEnd"] - frame["dataStart"])]
    if "replacedData" in frame:
        parts.append(block(bytes.fromhex(frame["replacedData"])))
    if "replacedMeta" in frame:
        parts.append(object_text(frame["replacedMeta"]))
    if "trusted" in frame:
        parts.append(object_text(frame["trusted"]))
    parts.append(block(bytes.fromhex(frame["body"])))
    return b"".join(parts)


def read_chunk(reader):
    flags = reader.byte()
    total = reader.varint() if flags & 1 else 0
    return {"totalBytes": total, "isLast": flags & 2 != 0, "bytes": reader.bytes().hex()}


def write_chunk(frame):
    first = frame["totalBytes"] > 0
    flags = (1 if first else 0) | (2 if frame["isLast"] else 0)
    total = varint(frame["totalBytes"]) if first else b""
    return bytes([flags]) + total + block(bytes.fromhex(frame["bytes"]))


def read_output(reader):
    first = reader.byte()
    need(first >> 1 < len(PURPOSES), "an unknown purpose")
    output = {"purpose": PURPOSES[first >> 1], "number": 0, "messageType": "binary" if first & 1 else "text"}
    if output["purpose"] in REPLIES:
        output["number"] = reader.varint()
    if output["purpose"] == "request":
        output["requestId"] = reader.text()
    output["body"] = reader.bytes().hex()
    return output


def write_output(frame):
    first = PURPOSES.index(frame["purpose"]) << 1 | (1 if frame["messageType"] == "binary" else 0)
    about = b""
    if frame["purpose"] in REPLIES:
        about = varint(frame["number"])
    elif frame["purpose"] == "request":
        about = text(frame["requestId"])
    return bytes([first]) + about + block(bytes.fromhex(frame["body"]))


def read_request_done(reader):
    return {"requestId": reader.text()}


def write_request_done(frame):
    return text(frame["requestId"])


def read_end(reader):
    numbers = []
    for _ in range(reader.varint()):
        first, more = reader.varint(), reader.varint()
        need(len(numbers) + more + 1 <= 65_536, "too many numbers")
        numbers.extend(range(first, first + more + 1))
    return {"numbers": numbers}


def write_end(frame):
    ranges = []
    for number in frame["numbers"]:
        if ranges and number == ranges[-1][0] + ranges[-1][1] + 1:
            ranges[-1][1] += 1
        else:
            ranges.append([number, 0])
    return varint(len(ranges)) + b"".join(varint(first) + varint(more) for first, more in ranges)


def read_credit(reader):
    return {"bytes": reader.varint()}


def write_credit(frame):
    return varint(frame["bytes"])


def read_close(reader):
    status = int.from_bytes(reader.take(2), "big")
    source = reader.byte()
    need(source < len(SOURCES), "an unknown source")
    return {"status": status, "reason": reader.text(), "source": SOURCES[source]}


def write_close(frame):
    return frame["status"].to_bytes(2, "big") + bytes([SOURCES.index(frame["source"])]) + text(frame["reason"])


def read_unpin(reader):
    return {"lastNumber": reader.varint()}


def write_unpin(frame):
    return varint(frame["lastNumber"])


FRAMES = {
    1: ("open", read_open, write_open),
    2: ("opened", nothing_read, nothing_written),
    3: ("refused", read_refused, write_refused),
    4: ("message", read_message, write_message),
    5: ("chunk", read_chunk, write_chunk),
    6: ("output", read_output, write_output),
    7: ("request-done", read_request_done, write_request_done),
    8: ("end", read_end, write_end),
    9: ("credit", read_credit, write_credit),
    10: ("close", read_close, write_close),
    11: ("unpin", read_unpin, write_unpin),
}


def answer(line):
    try:
        packet = read_packet(bytes.fromhex(line.strip()))
    except Unreadable as reason:
        return {"unreadable": str(reason)}
    epochs = packet.get("epochs")
    if epochs is not None:
        packet["tagOfEpochs"] = fnv1a(f"{epochs['gatewayEpoch']}.{epochs['instanceEpoch']}")
    return {**packet, "written": write_packet(packet).hex()}


def main():
    for line in sys.stdin:
        print(json.dumps(answer(line)))


main()

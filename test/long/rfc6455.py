"""Cases of RFC 6455 around what Velaros adds to its WebSocket library, and random sessions beside them.

    rfc6455.py --list
    rfc6455.py --seed 1 --sessions 300 default=PORT tight=PORT guarded=PORT

The first form prints the names of the cases. The second runs them and prints a JSON object: case → what was wrong,
or "" where nothing was. What the three servers are is said in rfc6455.test.ts.
"""

import json
import os
import random
import struct
import sys
import threading

from websocket_bytes import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Peer,
    close_payload,
    expect,
    frame,
    request,
)

CASES = {}
MAX_BYTES = 1024  # of a message, at the server "tight"


def case(name, server="default"):
    def add(run):
        CASES[name] = (server, run)
        return run

    return add


def opened(name, server="default"):
    """A case that begins with an open WebSocket."""

    def add(run):
        def shaken(port):
            with Peer(port) as peer:
                peer.shake_hands()
                run(peer)

        CASES[name] = (server, shaken)
        return run

    return add


def ask(id, data, path="/echo"):
    return json.dumps({"id": id, "path": path, "data": data}, ensure_ascii=False).encode()


def answer(id, data):
    return {"id": id, "data": {"echo": data}}


def expect_answer(peer, id, data, opcode=TEXT):
    got, payload = peer.read_message()
    expect(got == opcode, f"opcode {got}")
    expect(json.loads(payload) == answer(id, data), f"answer {payload[:200]!r}")


def expect_alive(peer):
    peer.send(frame(TEXT, ask("alive", 1)))
    expect_answer(peer, "alive", 1)


def expect_close(peer, *codes):
    code = peer.read_close()
    expect(code in codes, f"close {code} instead of {codes}")
    peer.expect_end()


# ---- the handshake


def refused(name, statuses, server="default", then=None, **options):
    def run(port):
        with Peer(port) as peer:
            peer.send(request(**options))
            status, headers = peer.read_response()
            expect(status in statuses, f"status {status} instead of {statuses}")
            expect("sec-websocket-accept" not in headers, "accepted and refused at once")
            if then is not None:
                then(headers)

    CASES[f"handshake: {name} is refused"] = (server, run)


def names_version(headers):
    expect(headers.get("sec-websocket-version") == "13", "the refusal does not name version 13")


@case("handshake: the accept key is made from the client's key")
def _(port):
    with Peer(port) as peer:
        data = request(headers={"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
        peer.send(data)
        headers = peer.check_hands(data)
        expect(headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "not the value of the RFC")


@case("handshake: names and tokens are read in any case")
def _(port):
    with Peer(port) as peer:
        peer.shake_hands(
            headers={"upgrade": "WebSocket", "CONNECTION": "keep-alive, uPgRaDe"},
            leave_out=("Upgrade", "Connection"),
        )
        expect_alive(peer)


@case("handshake: a request that comes byte by byte is taken")
def _(port):
    with Peer(port) as peer:
        data = request()
        peer.send_in_pieces(data)
        peer.check_hands(data)
        expect_alive(peer)


@case("handshake: frames right behind the request are not lost")
def _(port):
    with Peer(port) as peer:
        data = request()
        peer.send(data, frame(TEXT, ask("1", "early")), frame(TEXT, ask("2", "birds")))
        peer.check_hands(data)
        expect_answer(peer, "1", "early")
        expect_answer(peer, "2", "birds")


@case("handshake: half a frame behind the request waits for its other half")
def _(port):
    with Peer(port) as peer:
        data, early = request(), frame(TEXT, ask("1", "halves"))
        peer.send(data, early[:7])
        peer.check_hands(data)
        peer.send(early[7:])
        expect_answer(peer, "1", "halves")


@case("handshake: an extension that is offered is not taken")
def _(port):
    with Peer(port) as peer:
        peer.shake_hands(
            headers={"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x-unknown"}
        )
        peer.send(frame(TEXT, ask("1", "plain"), rsv=4))
        expect_close(peer, 1002)


@case("handshake: of several subprotocols one that the server speaks is chosen", "guarded")
def _(port):
    with Peer(port) as peer:
        headers = peer.shake_hands("/ws", headers={"Sec-WebSocket-Protocol": "foreign, velaros-json"})
        expect(headers.get("sec-websocket-protocol") == "velaros-json", "not JSON")


@case("handshake: no subprotocol is chosen for a client that offers none", "guarded")
def _(port):
    with Peer(port) as peer:
        expect("sec-websocket-protocol" not in peer.shake_hands("/ws"), "one that was not offered")


@case("handshake: a second request on the same connection is no frame")
def _(port):
    with Peer(port) as peer:
        peer.shake_hands()
        peer.send(request())
        expect_close(peer, 1002)


@case("handshake: a request that never ends is given up with 408", "tight")
def _(port):
    with Peer(port) as peer:
        peer.send(request()[:-2])
        status, _ = peer.read_response()
        expect(status == 408, f"status {status}")


@case("handshake: a connection that says nothing is ended", "tight")
def _(port):
    with Peer(port) as peer:
        while peer.fill():
            pass


refused("version 8", (426,), headers={"Sec-WebSocket-Version": "8"}, then=names_version)
refused("no version", (426, 400), leave_out=("Sec-WebSocket-Version",))
refused("no key", (400,), leave_out=("Sec-WebSocket-Key",))
refused("a key of fifteen bytes", (400,), headers={"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA"})
refused("a key that is not Base64", (400,), headers={"Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!=="})
refused("no Upgrade header", (400, 426), leave_out=("Upgrade",))
refused("no Connection header", (400, 426), leave_out=("Connection",))
refused("another protocol to upgrade to", (400, 426), headers={"Upgrade": "h2c"})
refused("no Host header", (400,), leave_out=("Host",))
refused("POST", (400, 405), first_line="POST / HTTP/1.1")
refused("HTTP/1.0", (400, 426, 505), first_line="GET / HTTP/1.0")
refused("a body", (400,), headers={"Content-Length": "5"})
refused("a foreign page", (403,), headers={"Origin": "https://evil.example"})
refused("another path", (404,), "guarded", path="/other")
refused("subprotocols of which none is spoken", (400,), "guarded", path="/ws", headers={"Sec-WebSocket-Protocol": "soap"})
refused("a client without credentials", (401,), "guarded", path="/ws", headers={"X-Who": "nobody"})
refused("a header of 20 KiB", (431,), headers={"X-Large": "x" * 20_480})
refused("two hundred headers", (431,), headers={f"X-{index}": "1" for index in range(200)})


# ---- frames


def violation(name, code, *frames, server="default"):
    @opened(f"{name}: {code}", server)
    def run(peer):
        peer.send(*frames)
        expect_close(peer, code)


for rsv, position in ((4, "first"), (2, "second"), (1, "third")):
    violation(f"frames: the {position} reserved bit", 1002, frame(TEXT, ask("1", 1), rsv=rsv))
for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    violation(f"frames: the reserved opcode {opcode}", 1002, frame(opcode, b"x"))
violation("frames: no mask", 1002, frame(TEXT, ask("1", 1), mask=None))
violation("frames: a ping without mask", 1002, frame(PING, b"x", mask=None))


@opened("frames: a mask of zeros is a mask")
def _(peer):
    peer.send(frame(TEXT, ask("1", "unchanged"), mask=b"\0\0\0\0"))
    expect_answer(peer, "1", "unchanged")


@opened("frames: bytes that come one at a time are put together")
def _(peer):
    peer.send_in_pieces(frame(TEXT, ask("1", "drops of water ☔")))
    expect_answer(peer, "1", "drops of water ☔")


for size in (125, 126, 127, 65_535, 65_536, 65_537):

    def of_size(peer, size=size):
        data = "x" * (size - len(ask("1", "")))
        peer.send(frame(TEXT, ask("1", data)))
        expect_answer(peer, "1", data)

    opened(f"frames: a message of {size} bytes is read")(of_size)

    def answered_with_size(peer, size=size):
        data = "x" * (size - len(b'{"id":"1","data":{"echo":""}}'))
        peer.send(frame(TEXT, ask("1", data)))
        _, payload = peer.read_message()
        expect(len(payload) == size, f"{len(payload)} bytes")
        expect(json.loads(payload) == answer("1", data), "another message")

    opened(f"frames: a message of {size} bytes is written")(answered_with_size)


@opened("frames: binary is answered in binary, text in text")
def _(peer):
    peer.send(frame(BINARY, ask("1", "b")), frame(TEXT, ask("2", "t")))
    expect_answer(peer, "1", "b", BINARY)
    expect_answer(peer, "2", "t", TEXT)


@opened("frames: a length of more than 63 bits is refused before any data")
def _(peer):
    peer.send(frame(BINARY, b"", length=2**64 - 1))
    expect_close(peer, 1002, 1009)


# ---- fragments


@opened("fragments: three make one message")
def _(peer):
    data = ask("1", "in three")
    peer.send(frame(TEXT, data[:5], fin=False), frame(CONTINUATION, data[5:9], fin=False))
    peer.send(frame(CONTINUATION, data[9:]))
    expect_answer(peer, "1", "in three")


@opened("fragments: empty ones count for nothing")
def _(peer):
    data = ask("1", "empty")
    peer.send(frame(TEXT, fin=False), frame(CONTINUATION, fin=False), frame(CONTINUATION, data, fin=False))
    peer.send(frame(CONTINUATION))
    expect_answer(peer, "1", "empty")


@opened("fragments: every byte of a text may be one, also inside of characters")
def _(peer):
    data = ask("1", "κόσμε 🌍")
    parts = [data[index : index + 1] for index in range(len(data))]
    for index, part in enumerate(parts):
        peer.send(frame(TEXT if index == 0 else CONTINUATION, part, fin=index == len(parts) - 1))
    expect_answer(peer, "1", "κόσμε 🌍")


@opened("fragments: a ping between two is answered before the message is complete")
def _(peer):
    data = ask("1", "around")
    peer.send(frame(TEXT, data[:4], fin=False), frame(PING, b"between"))
    expect(peer.read_frame() == (PONG, b"between"), "no pong")
    peer.send(frame(CONTINUATION, data[4:]))
    expect_answer(peer, "1", "around")


violation("fragments: a continuation of nothing", 1002, frame(CONTINUATION, b"x"))
violation("fragments: a continuation of what was complete", 1002, frame(TEXT, ask("1", 1)), frame(CONTINUATION, b"x"))
violation("fragments: a new message inside of one", 1002, frame(TEXT, b"{", fin=False), frame(TEXT, b"}"))
violation("fragments: a binary frame inside of a text", 1002, frame(TEXT, b"{", fin=False), frame(BINARY, b"}"))
violation("fragments: a ping in fragments", 1002, frame(PING, b"x", fin=False))
violation("fragments: a close in fragments", 1002, frame(CLOSE, close_payload(1000), fin=False))
violation(
    "fragments: thousands of one byte",
    1008,
    frame(TEXT, b"{", fin=False),
    frame(CONTINUATION, b" ", fin=False) * 2_000,
)


@opened("fragments: a close between two ends the connection, and the message is none")
def _(peer):
    peer.send(frame(TEXT, ask("1", 1), fin=False), frame(CLOSE, close_payload(1000)))
    expect(peer.read_frame() == (CLOSE, close_payload(1000)), "not the close frame alone")
    peer.expect_end()


# ---- text


for name, data in {
    "bytes that never occur": b"\xff\xfe",
    "a lone surrogate": b"\xed\xa0\x80",
    "an overlong slash": b"\xc0\xaf",
    "a character cut off": b"\xe2\x82",
    "a code point above U+10FFFF": b"\xf4\x90\x80\x80",
    "a continuation byte alone": b"\x80",
}.items():
    violation(f"UTF-8: {name}", 1007, frame(TEXT, b'{"id":"1","data":"' + data + b'"}'))
violation(
    "UTF-8: a bad byte in a later fragment", 1007, frame(TEXT, b'{"id":"', fin=False), frame(CONTINUATION, b'\xc3"}')
)
violation("UTF-8: a bad reason of a close", 1007, frame(CLOSE, close_payload(1000, b"\xff")))


@opened("UTF-8: non-characters and NUL are text")
def _(peer):
    peer.send(frame(TEXT, ask("1", "\ufffe\uffff\U0010ffff\u0000")))
    expect_answer(peer, "1", "\ufffe\uffff\U0010ffff\u0000")


@opened("UTF-8: in a binary message it is the encoding's business, and the connection stays")
def _(peer):
    peer.send(frame(BINARY, b"\xff\xfe"))
    opcode, payload = peer.read_message()
    expect(json.loads(payload)["error"]["code"] == "BAD_MESSAGE", f"{payload!r}")
    expect_alive(peer)


# ---- ping and pong


for size in (0, 1, 125):

    def of_ping(peer, size=size):
        payload = os.urandom(size)
        peer.send(frame(PING, payload))
        expect(peer.read_frame() == (PONG, payload), "not the same payload")

    opened(f"ping: {size} bytes come back in the pong")(of_ping)

violation("ping: 126 bytes", 1002, frame(PING, b"x" * 126))
violation("ping: a pong of 126 bytes", 1002, frame(PONG, b"x" * 126))


@opened("ping: ten at once are answered in order, at least the last")
def _(peer):
    peer.send(*(frame(PING, b"%d" % index) for index in range(10)), frame(TEXT, ask("1", "behind")))
    seen = []
    while not seen or seen[-1] != (PONG, b"9"):
        got = peer.read_frame()
        expect(got is not None, "the connection ended")
        if got[0] == PONG:
            seen.append(got)
        else:
            expect(json.loads(got[1]) == answer("1", "behind"), f"{got!r}")
    expect(seen == sorted(seen, key=lambda got: int(got[1])), "out of order")


@opened("ping: a pong that nobody asked for is ignored")
def _(peer):
    peer.send(frame(PONG), frame(PONG, b"nobody asked"))
    expect_alive(peer)


@opened("ping: a client that answers the server's pings stays", "tight")
def _(peer):
    answered = 0
    while answered < 4:
        got = peer.read_frame()
        expect(got is not None and got[0] == PING, f"{got!r} instead of a ping")
        peer.send(frame(PONG, got[1]))
        answered += 1
    expect_alive(peer)


@opened("ping: a client that does not answer is closed with 1001 and then cut", "tight")
def _(peer):
    code = peer.read_close(answer=False)
    expect(code == 1001, f"close {code}")
    peer.expect_end()


# ---- closing


for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):

    def with_code(peer, code=code):
        peer.send(frame(CLOSE, close_payload(code, b"bye")))
        got = peer.read_frame()
        expect(got is not None and got[0] == CLOSE and got[1][:2] == close_payload(code), f"{got!r}")
        peer.expect_end()

    opened(f"close: {code} is answered with the same code, and the server hangs up")(with_code)

for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    violation(f"close: the forbidden code {code}", 1002, frame(CLOSE, close_payload(code)))
violation("close: a payload of one byte", 1002, frame(CLOSE, b"\x03"))
violation("close: a payload of 126 bytes", 1002, frame(CLOSE, close_payload(1000, b"x" * 124)))


@opened("close: a reason of 123 bytes is taken")
def _(peer):
    peer.send(frame(CLOSE, close_payload(1000, b"x" * 123)))
    expect_close(peer, 1000)


@opened("close: an empty one is answered with an empty one")
def _(peer):
    peer.send(frame(CLOSE))
    expect_close(peer, None)


@opened("close: what comes behind it is not answered")
def _(peer):
    peer.send(frame(CLOSE, close_payload(1000)), frame(TEXT, ask("1", 1)), frame(PING, b"x"))
    expect(peer.read_frame() == (CLOSE, close_payload(1000)), "not the close frame first")
    peer.expect_end()


@opened("close: what comes before it is answered first")
def _(peer):
    peer.send(*(frame(TEXT, ask(str(index), index)) for index in range(50)), frame(CLOSE, close_payload(1000)))
    for index in range(50):
        expect_answer(peer, str(index), index)
    expect_close(peer, 1000)


@opened("close: the server's own ends with the client's answer")
def _(peer):
    peer.send(frame(TEXT, ask("1", {"code": 4001, "reason": "on request"}, "/close")))
    got = peer.read_frame()
    expect(got == (CLOSE, close_payload(4001, b"on request")), f"{got!r}")
    peer.send(frame(CLOSE, close_payload(4001)))
    peer.expect_end()


@opened("close: messages that cross the server's own are read and dropped")
def _(peer):
    peer.send(frame(TEXT, ask("1", {"code": 4002, "reason": ""}, "/close")))
    got = peer.read_frame()
    expect(got == (CLOSE, close_payload(4002)), f"{got!r}")
    peer.send(frame(TEXT, ask("2", "crossing")), frame(CLOSE, close_payload(4002)))
    peer.expect_end()


@opened("close: a client that never answers the server's is cut", "tight")
def _(peer):
    peer.send(frame(TEXT, ask("1", {"code": 4003, "reason": ""}, "/close")))
    code = peer.read_close(answer=False)
    expect(code == 4003, f"close {code}")
    peer.expect_end()


@opened("close: what was sent in front of the server's own arrives before it")
def _(peer):
    peer.send(frame(TEXT, ask("1", {"code": 4004, "reason": "", "pushes": 20}, "/close")))
    for index in range(20):
        _, payload = peer.read_message()
        expect(json.loads(payload) == {"path": "/counted", "data": index}, f"{payload!r}")
    expect_close(peer, 4004)


@opened("close: a client that ends TCP without a close frame is hung up on")
def _(peer):
    peer.socket.shutdown(1)
    while peer.read_frame() is not None:
        pass


@opened("close: requests sent before TCP was ended in one direction are answered")
def _(peer):
    peer.send(*(frame(TEXT, ask(str(index), index)) for index in range(5)))
    peer.socket.shutdown(1)
    for index in range(5):
        expect_answer(peer, str(index), index)
    while peer.read_frame() is not None:
        pass


# ---- writing many frames at once


@opened("batches: five hundred requests in one segment are answered in order, a frame each")
def _(peer):
    peer.send(*(frame(TEXT, ask(str(index), index)) for index in range(500)))
    for index in range(500):
        expect_answer(peer, str(index), index)


@opened("batches: large and small answers keep their order")
def _(peer):
    sizes = [1, 100_000, 2, 8_000, 8_300, 200_000, 3, 70_000, 4]
    peer.send(*(frame(TEXT, ask(str(index), "x" * size)) for index, size in enumerate(sizes)))
    for index, size in enumerate(sizes):
        expect_answer(peer, str(index), "x" * size)


@opened("batches: text outside of ASCII has the length of its bytes")
def _(peer):
    texts = ["ä" * 50, "日本" * 40, "🌍" * 30, "plain"] * 10
    peer.send(*(frame(TEXT, ask(str(index), text)) for index, text in enumerate(texts)))
    for index, text in enumerate(texts):
        expect_answer(peer, str(index), text)


@opened("batches: pongs stand between frames, never inside of one")
def _(peer):
    parts = []
    for index in range(100):
        parts.append(frame(TEXT, ask(str(index), "x" * (index * 97))))
        if index % 10 == 0:
            parts.append(frame(PING, b"%d" % index))
    peer.send(*parts)
    answers, pongs = [], []
    while len(answers) < 100 or (not pongs or pongs[-1] != b"90"):
        got = peer.read_frame()
        expect(got is not None, "the connection ended")
        (pongs if got[0] == PONG else answers).append(got[1])
    expect([json.loads(answer)["id"] for answer in answers] == [str(index) for index in range(100)], "order")


@opened("batches: pushes in front of the answer come in front of it")
def _(peer):
    peer.send(frame(TEXT, ask("1", 30, "/count")))
    for index in range(30):
        _, payload = peer.read_message()
        expect(json.loads(payload) == {"path": "/counted", "data": index}, f"{payload!r}")
    expect_answer(peer, "1", "done")


# ---- limits


@opened("limits: a message of exactly the limit is taken", "tight")
def _(peer):
    data = "x" * (MAX_BYTES - len(ask("1", "")))
    peer.send(frame(TEXT, ask("1", data)))
    expect_answer(peer, "1", data)


violation("limits: one byte more", 1009, frame(TEXT, b" " * (MAX_BYTES + 1)), server="tight")
violation("limits: a header that claims a gigabyte", 1009, frame(BINARY, b"", length=2**30), server="tight")
violation(
    "limits: fragments that are too much together",
    1009,
    frame(TEXT, b" " * MAX_BYTES, fin=False),
    frame(CONTINUATION, b" "),
    server="tight",
)


# ---- random sessions


def valid_session(port, chance):
    """Well-formed traffic, cut into fragments, segments and pings at random: everything is answered, in order."""
    with Peer(port) as peer:
        peer.shake_hands()
        wire, wanted, pongs = b"", [], 0
        for index in range(chance.randint(1, 20)):
            text = "".join(chance.choice("aß日🌍\\\" ") for _ in range(chance.choice((0, 3, 60, 500))))
            opcode = chance.choice((TEXT, BINARY))
            data = ask(str(index), text)
            wanted.append((opcode, answer(str(index), text)))
            cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, 4)))
            edges = [0, *cuts, len(data)]
            for part in range(len(edges) - 1):
                wire += frame(
                    opcode if part == 0 else CONTINUATION,
                    data[edges[part] : edges[part + 1]],
                    fin=part == len(edges) - 2,
                    mask=chance.randbytes(4),
                )
                if chance.random() < 0.1:
                    wire += frame(PING, chance.randbytes(chance.randint(0, 125)), mask=chance.randbytes(4))
                    pongs += 1
        while wire:
            size = chance.choice((1, 2, 7, 100, 5_000, len(wire)))
            peer.send(wire[:size])
            wire = wire[size:]
        answers = []
        while len(answers) < len(wanted):
            got = peer.read_frame()
            expect(got is not None, "the connection ended")
            if got[0] != PONG:
                answers.append((got[0], json.loads(got[1])))
        expect(answers == wanted, "not the answers that were wanted, in their order")
        peer.send(frame(CLOSE, close_payload(1000)))
        expect_close(peer, 1000)


def spoiled_session(port, chance):
    """Traffic with flipped, lost, doubled and foreign bytes: the server ends it by the RFC, or goes on."""
    with Peer(port) as peer:
        peer.shake_hands()
        wire = bytearray()
        for index in range(chance.randint(1, 8)):
            opcode = chance.choice((TEXT, BINARY, PING, PONG, CONTINUATION, CLOSE, chance.randint(0, 15)))
            data = chance.choice((ask(str(index), "x"), chance.randbytes(chance.randint(0, 130)), b""))
            wire += frame(opcode, data, fin=chance.random() < 0.8, rsv=chance.choice((0, 0, 0, 0, 1, 4)))
        for _ in range(chance.randint(0, 5)):
            at = chance.randrange(len(wire))
            kind = chance.randrange(3)
            if kind == 0:
                wire[at] ^= 1 << chance.randrange(8)
            elif kind == 1:
                del wire[at : at + chance.randint(1, 4)]
            else:
                wire[at:at] = chance.randbytes(chance.randint(1, 4))
            if not wire:
                wire = bytearray(b"\x89")
        try:
            peer.send(bytes(wire))
            peer.socket.shutdown(1)
        except OSError:
            pass
        closed = False
        while True:
            got = peer.read_frame()
            if got is None:
                return
            expect(not closed, f"{got!r} after the close frame")
            closed = got[0] == CLOSE
            if closed and got[1]:
                (code,) = struct.unpack("!H", got[1][:2])
                allowed = code in range(1000, 1015) and code not in (1004, 1005, 1006) or 3000 <= code < 5000
                expect(allowed, f"close {code}")


def run_sessions(name, run, port, seed, count):
    for number in range(count):
        try:
            run(port, random.Random(f"{seed}/{name}/{number}"))
        except Exception as error:  # whatever is wrong is the result
            return f"session {number} of seed {seed}: {type(error).__name__}: {error}"
    return ""


def run_case(run, port):
    try:
        run(port)
        return ""
    except Exception as error:  # whatever is wrong is the result
        return f"{type(error).__name__}: {error}"


def main(words):
    sessions = {"random: well-formed sessions": valid_session, "random: spoiled sessions": spoiled_session}
    if words == ["--list"]:
        print(json.dumps([*CASES, *sessions]))
        return
    options = dict(zip(words[0:4:2], words[1:4:2]))
    ports = {name: int(port) for name, port in (word.split("=") for word in words[4:])}
    results = {}
    waiting = list(CASES.items())
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                name, (server, run) = waiting.pop(0)
            results[name] = run_case(run, ports[server])

    # Most cases wait for the server or for time to pass.
    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for name, run in sessions.items():
        results[name] = run_sessions(name, run, ports["default"], options["--seed"], int(options["--sessions"]))
    results["after all of it a new client is served"] = run_case(
        lambda port: valid_session(port, random.Random(0)), ports["default"]
    )
    print(json.dumps(results))


main(sys.argv[1:])

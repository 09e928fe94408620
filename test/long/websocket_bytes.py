"""A WebSocket client made of bytes, from RFC 6455 and Python's standard library alone.

It can send everything that a well-behaved client does not, and it reads what a server sends with the strictness
of the RFC: each violation by the server is an exception.
"""

import base64
import hashlib
import os
import socket
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE_S = 10.0


class ServerFault(Exception):
    """The server did what the RFC forbids, or not what the case expects."""


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", length=None):
    """A frame as a client sends it. `mask=None` leaves the mask out; `length` is what its header claims."""
    claimed = len(payload) if length is None else length
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0 if mask is None else 0x80
    if claimed < 126:
        head = struct.pack("!BB", first, mask_bit | claimed)
    elif claimed < 0x10000:
        head = struct.pack("!BBH", first, mask_bit | 126, claimed)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, claimed)
    if mask is None:
        return head + payload
    return head + mask + masked(payload, mask)


def masked(payload, mask):
    if not payload:
        return b""
    pattern = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")).to_bytes(len(payload), "big")


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


def request(path="/", headers=None, first_line=None, leave_out=()):
    """The bytes of a handshake. `headers` add to and replace the usual ones."""
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **(headers or {}),
    }
    text = (first_line or f"GET {path} HTTP/1.1") + "\r\n"
    text += "".join(f"{name}: {value}\r\n" for name, value in lines.items() if name not in leave_out)
    return (text + "\r\n").encode("latin-1")


class Peer:
    """One TCP connection to the server under test."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def send_in_pieces(self, data, size=1):
        for start in range(0, len(data), size):
            self.socket.sendall(data[start : start + size])

    # ---- HTTP

    def shake_hands(self, path="/", **options):
        """Opens the WebSocket and checks the answer as a client has to (RFC 6455 section 4.1)."""
        data = request(path, **options)
        self.send(data)
        return self.check_hands(data)

    def check_hands(self, data):
        status, headers = self.read_response()
        expect(status == 101, f"status {status} instead of 101")
        key = [line for line in data.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")]
        digest = hashlib.sha1(key[0].split(b":", 1)[1].strip() + GUID).digest()
        expect(headers.get("sec-websocket-accept") == base64.b64encode(digest).decode(), "wrong accept")
        expect(headers.get("upgrade", "").lower() == "websocket", "no Upgrade header")
        expect("upgrade" in headers.get("connection", "").lower(), "no Connection header")
        expect("sec-websocket-extensions" not in headers, "an extension that was not asked for")
        return headers

    def read_response(self):
        """Status and headers of an HTTP response; its body, if any, stays in the buffer."""
        while b"\r\n\r\n" not in self.buffer:
            expect(self.fill(), f"the connection ended in the response: {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        expect(first.startswith("HTTP/1.1 "), f"not an HTTP/1.1 response: {first}")
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            expect(name.lower() not in headers, f"header {name} twice")
            headers[name.lower()] = value.strip()
        return int(first[9:12]), headers

    # ---- frames

    def read_frame(self):
        """Opcode and payload of the next frame; None at the end of the connection."""
        head = self.take(2)
        if head is None:
            return None
        first, second = head
        expect(first & 0x70 == 0, "a reserved bit is set")
        expect(second & 0x80 == 0, "the server masks")
        opcode, fin, length = first & 0x0F, first & 0x80 != 0, second & 0x7F
        expect(opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG), f"opcode {opcode}")
        if opcode >= CLOSE:
            expect(fin, "a control frame in fragments")
            expect(length < 126, "a long control frame")
        expect(fin, "a fragmented message, which this server has no reason to send")
        if length == 126:
            (length,) = struct.unpack("!H", self.need(2))
            expect(length > 125, "a length that is not minimal")
        elif length == 127:
            (length,) = struct.unpack("!Q", self.need(8))
            expect(length > 0xFFFF, "a length that is not minimal")
        payload = self.need(length)
        if opcode == TEXT:
            payload.decode("utf-8")
        return opcode, payload

    def read_message(self):
        """Opcode and payload of the next message; answers pings on the way."""
        while True:
            got = self.read_frame()
            expect(got is not None, "the connection ended instead of a message")
            opcode, payload = got
            if opcode == PING:
                self.send(frame(PONG, payload))
                continue
            expect(opcode in (TEXT, BINARY), f"opcode {opcode} instead of a message: {payload!r}")
            return opcode, payload

    def read_close(self, answer=True):
        """Code of the server's close frame, None for one without; what comes before it is skipped."""
        while True:
            got = self.read_frame()
            expect(got is not None, "the connection ended without a close frame")
            opcode, payload = got
            if opcode != CLOSE:
                continue
            expect(len(payload) != 1, "a close frame of one byte")
            payload[2:].decode("utf-8")
            if answer:
                try:
                    self.send(frame(CLOSE, payload[:2]))
                except OSError:
                    pass
            return struct.unpack("!H", payload[:2])[0] if payload else None

    def expect_end(self):
        """The server, not the client, ends the TCP connection, and sends nothing more before."""
        got = self.read_frame()
        expect(got is None, f"{got!r} after the close")

    # ---- bytes

    def fill(self):
        try:
            chunk = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        except TimeoutError:
            raise ServerFault(f"nothing came for {PATIENCE_S} s") from None
        self.buffer += chunk
        return len(chunk) > 0

    def take(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                expect(len(self.buffer) == 0, "the connection ended inside of a frame")
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def need(self, size):
        if size == 0:
            return b""
        data = self.take(size)
        expect(data is not None, "the connection ended inside of a frame")
        return data


def expect(holds, message):
    if not holds:
        raise ServerFault(message)

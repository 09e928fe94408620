"""Debian's WebSocket library as a client of Velaros.

    websockets_client.py URL GUARDED_URL

Prints a JSON object: case → what was wrong, or "" where nothing was. The cases' names are in the table at the end.
"""

import asyncio
import json
import sys

import websockets

URL, GUARDED_URL = sys.argv[1:]


def connect(url=URL, **options):
    return websockets.connect(url, open_timeout=10, close_timeout=10, max_size=2**22, **options)


def ask(id, data, path="/echo"):
    return json.dumps({"id": id, "path": path, "data": data}, ensure_ascii=False)


async def answer(socket, id, data):
    got = json.loads(await asyncio.wait_for(socket.recv(), 10))
    assert got == {"id": id, "data": {"echo": data}}, got


async def text_and_binary():
    async with connect() as socket:
        await socket.send(ask("1", "text: äöü 🌍"))
        got = await socket.recv()
        assert isinstance(got, str) and json.loads(got)["data"] == {"echo": "text: äöü 🌍"}, got
        await socket.send(ask("2", "binary").encode())
        got = await socket.recv()
        assert isinstance(got, bytes) and json.loads(got)["data"] == {"echo": "binary"}, got


async def large():
    async with connect() as socket:
        data = "x" * 1_000_000
        await socket.send(ask("1", data))
        await answer(socket, "1", data)


async def fragments():
    async with connect() as socket:
        whole = ask("1", "in pieces: 日本")
        await socket.send([whole[index : index + 3] for index in range(0, len(whole), 3)])
        await answer(socket, "1", "in pieces: 日本")


async def pings():
    async with connect(ping_interval=0.05, ping_timeout=5) as socket:
        for index in range(10):
            pong = await socket.ping(str(index))
            await asyncio.wait_for(pong, 10)
            await socket.send(ask(str(index), index))
            await answer(socket, str(index), index)


async def close_by_client():
    socket = await connect()
    await socket.close(4321, "enough")
    assert (socket.close_code, socket.close_reason) == (4321, "enough"), (socket.close_code, socket.close_reason)


async def close_by_server():
    async with connect() as socket:
        await socket.send(ask("1", {"code": 4001, "reason": "grüße"}, "/close"))
        try:
            await socket.recv()
        except websockets.ConnectionClosedError as error:
            assert (error.rcvd.code, error.rcvd.reason) == (4001, "grüße"), error
            assert error.sent.code == 4001, error
            return
        raise AssertionError("not closed")


async def no_compression():
    async with connect(compression="deflate") as socket:
        assert socket.extensions == [], socket.extensions
        await socket.send(ask("1", "plain"))
        await answer(socket, "1", "plain")


async def subprotocol():
    async with connect(GUARDED_URL, subprotocols=["foreign", "velaros-json"]) as socket:
        assert socket.subprotocol == "velaros-json", socket.subprotocol
        await socket.send(ask("1", "negotiated"))
        await answer(socket, "1", "negotiated")


async def refusals():
    for options, status in (
        ({"subprotocols": ["foreign"]}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"extra_headers": {"X-Who": "nobody"}}, 401),
    ):
        try:
            await connect(GUARDED_URL, **options)
        except websockets.InvalidStatusCode as error:
            assert error.status_code == status, (options, error.status_code)
        else:
            raise AssertionError(f"{options} was let in")


async def many():
    async def one(number):
        async with connect() as socket:
            for index in range(50):
                await socket.send(ask(f"{index}", [number, index]))
            for index in range(50):
                await answer(socket, f"{index}", [number, index])

    await asyncio.gather(*(one(number) for number in range(100)))


async def too_big():
    async with connect() as socket:
        try:
            await socket.send("x" * (2**20 + 1))
            await socket.recv()
        except websockets.ConnectionClosedError as error:
            assert error.rcvd is not None and error.rcvd.code == 1009, error
            return
        raise AssertionError("taken")


CASES = {
    "text and binary are answered in kind": text_and_binary,
    "a megabyte comes back": large,
    "a message in fragments is one message": fragments,
    "pings are answered beside messages": pings,
    "a close by the client is answered with its code": close_by_client,
    "a close by the server arrives with code and reason": close_by_server,
    "compression is offered and not taken": no_compression,
    "a subprotocol is negotiated": subprotocol,
    "who may not come in is told so by status": refusals,
    "a hundred clients at once each get their own answers, in order": many,
    "a message that is too big ends the connection with 1009": too_big,
}


async def main():
    results = {}
    for name, run in CASES.items():
        try:
            await asyncio.wait_for(run(), 60)
            results[name] = ""
        except Exception as error:  # whatever is wrong is the result
            results[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(results))


asyncio.run(main())

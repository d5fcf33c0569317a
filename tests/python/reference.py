"""Calls every method of the reference's own client, unchanged, against the server whose socket is given.

Prints a line of JSON per call: what was called and what came of it.
"""

import asyncio
import inspect
import json
import sys

from eric_sse.clients import SocketClient

client = SocketClient(sys.argv[1])
called = set()


def say(name, result):
    called.add(name)
    print(json.dumps([name, result]), flush=True)


async def call(name, *arguments):
    result = await getattr(client, name)(*arguments)
    say(name, result)
    return result


async def lines(channel, listener, count):
    """Reads so many lines of a stream, and leaves."""
    read = []
    async for line in client.stream(channel, listener):
        if line:
            read.append(json.loads(line))
        if len(read) == count:
            break
    say("stream", read)


async def main():
    channel = await call("create_channel")
    listener = await call("register", channel)
    other = await call("register", channel)
    await call("broadcast_message", channel, "news", "hello everybody")
    await call("dispatch", channel, listener, "news", {"to": ["you", 1, 2.5, None, True, "é😀"]})
    await call("broadcast_message", channel, "count", 3)
    await lines(channel, listener, 3)
    await lines(channel, other, 2)
    # What is sent while the stream is open.
    reading = asyncio.create_task(lines(channel, listener, 2))
    await asyncio.sleep(0.05)
    await call("broadcast_message", channel, "late", 1.5)
    await call("dispatch", channel, listener, "late", "two\nlines")
    await asyncio.wait_for(reading, 10)
    await call("remove_listener", channel, other)
    await call("dispatch", channel, other, "news", 1)
    await call("remove_channel", channel)
    await call("register", channel)
    await call("send_payload", {"v": "?"})
    methods = {name for name, _ in inspect.getmembers(client, inspect.ismethod) if not name.startswith("_")}
    print(json.dumps(["not called", sorted(methods - called)]), flush=True)


asyncio.run(main())

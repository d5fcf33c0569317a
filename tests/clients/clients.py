"""Reads event streams with one of the clients of PyPI, each stream in a task of its own.

Usage: clients.py CLIENT URL COUNT. Prints a line of JSON for each event: [stream, type, data].
"""

import asyncio
import json
import sys
import threading
import time

client, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def tell(stream, event_type, data):
    sys.stdout.write(json.dumps([stream, event_type, data]) + "\n")
    sys.stdout.flush()


def repeat(stream, read):
    """The loop of a client that does not reconnect by itself: it sends the last id that it has."""
    last = ""
    while True:
        try:
            for event in read(f"{url}?c={stream}", {"Last-Event-ID": last} if last else {}):
                last = event.id or last
                tell(stream, event.event, event.data)
        except Exception:  # the connection was cut
            pass
        time.sleep(0.03)


def httpx_sse(address, headers):
    import httpx
    from httpx_sse import connect_sse

    with httpx.Client(timeout=None) as http:
        with connect_sse(http, "GET", address, headers=headers) as source:
            yield from source.iter_sse()


def sseclient_py(address, headers):
    import requests
    from sseclient import SSEClient

    response = requests.get(address, stream=True, headers=headers)
    yield from SSEClient(response.iter_content(chunk_size=None)).events()


async def aiohttp_sse_client(stream):
    from aiohttp_sse_client.client import EventSource

    last = ""
    while True:
        headers = {"Last-Event-ID": last} if last else {}
        try:
            # It reconnects by itself after an end, but not after a cut.
            async with EventSource(f"{url}?c={stream}", headers=headers) as events:
                async for event in events:
                    last = event.last_event_id
                    tell(stream, event.type, event.data)
        except Exception:  # the connection was cut
            pass
        await asyncio.sleep(0.03)


async def all_streams():
    await asyncio.gather(*(aiohttp_sse_client(stream) for stream in range(count)))


if client == "aiohttp-sse-client":
    asyncio.run(all_streams())
else:
    read = {"httpx-sse": httpx_sse, "sseclient-py": sseclient_py}[client]
    for stream in range(count):
        threading.Thread(target=repeat, args=(stream, read), daemon=True).start()
    threading.Event().wait()

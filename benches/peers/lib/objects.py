"""Streams of objects, by the Python package: prints deliveries per second."""

import asyncio
import logging
import statistics
import sys
import time

from eric_sse.message import Message
from eric_sse.prefabs import SSEChannel, logger

listeners, messages, turn, passes = (int(argument) for argument in sys.argv[1:])
logger.setLevel(logging.CRITICAL)
TOTAL = messages * passes


async def main():
    channel = SSEChannel()
    counts = [0] * listeners

    async def read(index, listener):
        async for event in channel.message_stream(listener):
            if event["data"]["n"] != counts[index]:
                raise SystemExit(f"message {event['data']['n']} came in place of {counts[index]}")
            counts[index] += 1
            if counts[index] == TOTAL:
                return

    async def send(first):
        for start in range(first, first + messages, turn):
            for number in range(start, min(start + turn, first + messages)):
                payload = {"n": number, "t": "~".ljust(108 - len(str(number)), ".")}
                channel.broadcast(Message(msg_type="tick", msg_payload=payload))
            await asyncio.sleep(0)

    readers = []
    for index in range(listeners):
        listener = channel.add_listener()
        listener.start()
        readers.append(asyncio.create_task(read(index, listener)))
    rates = []
    for step in range(passes):
        start = time.perf_counter()
        await send(step * messages)
        while min(counts) < (step + 1) * messages:
            await asyncio.sleep(0)
        rates.append(listeners * messages / (time.perf_counter() - start))
    await asyncio.gather(*readers)
    # The first one is to warm up.
    print(statistics.median(rates[1:]))


asyncio.run(main())

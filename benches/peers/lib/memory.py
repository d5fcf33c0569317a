"""Memory of lagging listeners, by the Python package: prints the bytes that the process has grown by."""

import gc
import logging
import os
import subprocess
import sys

from eric_sse.message import Message
from eric_sse.prefabs import SSEChannel, logger

listeners, messages, size = (int(argument) for argument in sys.argv[1:])
logger.setLevel(logging.CRITICAL)


def resident():
    gc.collect()
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())])) * 1024


before = resident()
channel = SSEChannel()
for _ in range(listeners):
    channel.add_listener().start()
for number in range(messages):
    channel.broadcast(Message(msg_type="tick", msg_payload={"n": number, "t": "~".ljust(size - 12 - len(str(number)), ".")}))
print(resident() - before)

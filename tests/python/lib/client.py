"""The package's own SocketClient, unchanged, driven from outside.

Commands are lines of JSON on standard input, results lines of JSON on standard output:

    {"id", "method", "args"}   calls a method; the result is {"id", "answer"} or {"id", "raised"}
                               what a method streams comes as {"id", "line"}, and {"id", "ended"} at its end
                               "last" is one argument more, as a text: JSON, or what Python takes for it
    {"id", "methods": true}    the names of the client's public methods
"""

import asyncio
import inspect
import json
import sys

from eric_sse.clients import SocketClient


def say(**result):
    print(json.dumps(result), flush=True)


async def call(client, id, method, args):
    try:
        result = getattr(client, method)(*args)
        if inspect.isasyncgen(result):
            async for line in result:
                say(id=id, line=line)
            say(id=id, ended=True)
        else:
            say(id=id, answer=await result)
    except Exception as error:
        say(id=id, raised=repr(error))


async def main(path):
    client = SocketClient(path)
    # The loop alone does not keep tasks alive.
    calls = set()
    commands = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        id = command["id"]
        if command.get("methods"):
            names = [name for name, _ in inspect.getmembers(SocketClient, inspect.isfunction) if not name.startswith("_")]
            say(id=id, answer=names)
        else:
            more = [json.loads(command["last"])] if "last" in command else []
            task = asyncio.create_task(call(client, id, command["method"], command["args"] + more))
            calls.add(task)
            task.add_done_callback(calls.discard)


asyncio.run(main(sys.argv[1]))

// A server in a process of its own, under Deno or Bun: by the runtime's own `serve` with a fetch
// handler, or by its `node:http`. Prints its port, and answers events and questions about them.

import { createServer } from 'node:http';
import process from 'node:process';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';

const [way] = process.argv.slice(2);
/** @type {Map<string, SSEChannel>} */
const channels = new Map();
/** The reports of onClose, by channel. */
const closed = new Map();
const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;

function channelOf(searchParams) {
  const name = searchParams.get('channel');
  if (!channels.has(name)) channels.set(name, new SSEChannel({ retryTimeoutMilliseconds: 500 }));
  if (!closed.has(name)) closed.set(name, []);
  return { name, channel: channels.get(name), reasons: closed.get(name) };
}

function optionsOf(searchParams, reasons) {
  return { ...JSON.parse(searchParams.get('options') ?? '{}'), onClose: ({ reason }) => void reasons.push(reason) };
}

async function asked({ pathname, searchParams }) {
  const { channel, reasons } = channelOf(searchParams);
  switch (pathname) {
    case '/stats':
      return { ...channel.stats(), reasons };
    case '/publish':
      for (let sent = 0; sent < Number(searchParams.get('count') ?? 1); sent++) {
        channel.broadcast({
          type: 'n',
          payload: searchParams.get('payload') ?? 'x'.repeat(Number(searchParams.get('bytes'))),
        });
      }
      return channel.stats();
    case '/close':
      return (channel.close(), {});
    case '/gone':
      return (channel.gone(), {});
    case '/drain':
      return (await channel.drain({ seconds: 0.1 }), {});
    case '/collect':
      collect();
      // Finalizers run between turns.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return {};
  }
  throw new Error(`nothing is asked by ${pathname}`);
}

async function handle(request) {
  const url = new URL(request.url);
  if (url.pathname !== '/events') return Response.json(await asked(url));
  const { channel, reasons } = channelOf(url.searchParams);
  return channel.response(request, optionsOf(url.searchParams, reasons));
}

const listening = (port) => process.stdout.write(`${JSON.stringify({ port })}\n`);

if (way === 'node:http') {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname !== '/events') return void response.end(JSON.stringify(await asked(url)));
    const { channel, reasons } = channelOf(url.searchParams);
    toNode(channel, optionsOf(url.searchParams, reasons))(request, response);
  });
  server.listen(0, '127.0.0.1', () => listening(server.address().port));
} else if (globalThis.Bun) {
  // No `idleTimeout`: what Bun does by itself is what is tested.
  const server = globalThis.Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: handle });
  listening(server.port);
} else {
  globalThis.Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => listening(port) }, handle);
}
// The process that has started this one closes it when it exits.
process.stdin.on('end', () => process.exit()).resume();

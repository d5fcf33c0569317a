// A process that serves a channel until SIGTERM, as the guide has it: close, drain, and exit.
//
// Arguments: the port, and the name that its events carry.

import { createServer } from 'node:http';
import process from 'node:process';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';

const [port, name] = process.argv.slice(2);
const channel = new SSEChannel({ retryTimeoutMilliseconds: 1000 });
const events = toNode(channel);
const server = createServer((request, response) => {
  if (request.url === '/events') return events(request, response);
  response.setHeader('Content-Type', 'text/html');
  response.end('<!doctype html><title>eric-sse</title><link rel="icon" href="data:,">');
});
// Longer than any reconnection time: a client that keeps its connection would find this process.
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () =>
  process.send?.(/** @type {import('node:net').AddressInfo} */ (server.address()).port),
);
const sending = setInterval(() => channel.broadcast({ type: 'from', payload: name }), 100);
process.on('SIGTERM', async () => {
  server.close();
  await channel.drain({ seconds: 0.5 });
  clearInterval(sending);
  channel.close();
  process.disconnect();
});

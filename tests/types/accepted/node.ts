// Programs that need the types of Node.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { SSEChannel } from 'eric-sse';
import { type NodeHandler, toNode } from 'eric-sse/node';
import { init, initSync } from 'eric-sse/slim';
import type { Events } from '../support.js';

// claim: init and initSync take a file as Node reads it
async function start(): Promise<void> {
  await init(await readFile('eric_sse_bg.wasm'));
  initSync(readFileSync('eric_sse_bg.wasm'));
}

// claim: response answers a Request of Node with a Response of Node
const channel = new SSEChannel<Events>();
const response: Response = channel.response(new Request('http://localhost/'), { headers: { 'X-A': 'b' } });
response.body
  ?.getReader()
  .read()
  .then(({ value }) => value satisfies Uint8Array | undefined);

// claim: the signal may be one of AbortSignal's own
channel.watch({ signal: AbortSignal.timeout(100) });
channel.watch({ signal: AbortSignal.any([AbortSignal.timeout(100)]) });

export { start };

// claim: a channel is a handler of requests of http, of https and of http2's compatibility API
createServer(toNode(channel));
createHttpsServer(
  {},
  toNode(channel, { heartbeatSeconds: 20, events: ['tick'], onClose: ({ reason }) => void (reason satisfies string) }),
);
createHttp2Server(toNode(channel, undefined));
createSecureServer({ allowHTTP1: true }, toNode(channel));

// claim: options may be made for each request, as the server knows it
createServer(toNode(channel, ({ url }) => (url === '/ticks' ? { events: ['tick'] } : undefined)));
createServer(
  toNode(channel, ({ headers, socket }: IncomingMessage) => ({
    listener: headers.cookie ?? String(socket.remoteAddress),
    resumeSeconds: 60,
  })),
);
const handler: NodeHandler<IncomingMessage> = toNode(channel, (request: IncomingMessage) => ({
  filter: () => request.complete,
}));

// claim: a handler may be called by hand, and with what frameworks pass on
createServer((request, response) => handler(request, response));
createServer(
  (request, response) =>
    handler(request, response, (error?: unknown) => void response.destroy(error as Error)) satisfies void,
);

// claim: channels of any events and items are taken
toNode(new SSEChannel());
toNode(new (class extends SSEChannel<Events, { event: string; data: unknown }> {})());

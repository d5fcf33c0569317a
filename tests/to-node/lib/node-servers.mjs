// Servers of Node on a loopback address that answer by toNode.

import http from 'node:http';
import http2 from 'node:http2';
import compression from 'compression';
import express from 'express';
import Fastify from 'fastify';

/**
 * Listens. `close` does not wait for clients.
 * @param {http.Server | http2.Http2Server} server
 */
export async function listening(server) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @typedef {import('eric-sse/node').NodeHandler<any>} Handler
 * @type {Record<string, (handler: Handler) => Promise<Awaited<ReturnType<typeof listening>>>>}
 */
export const SERVERS = {
  'node:http': (handler) => listening(http.createServer(handler)),
  'node:http2': (handler) => listening(http2.createServer(handler)),
  Express: (handler) => listening(http.createServer(express().disable('etag').get('/', handler))),
  'Express, behind its compression': (handler) =>
    listening(http.createServer(express().use(compression()).get('/', handler))),
  async Fastify(handler) {
    const app = Fastify({ forceCloseConnections: true });
    app.get('/', (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    await app.ready();
    const server = await listening(app.server);
    return { ...server, close: async () => void (await Promise.all([server.close(), app.close()])) };
  },
};

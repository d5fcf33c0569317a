// A proxy that cuts its connections after a number of bytes, or falls silent.

import { once } from 'node:events';
import net from 'node:net';

/**
 * @param {number} port the port of the server
 * @param {() => number} bytesOf after how many bytes of the response the next connection is cut
 */
export async function cuttingProxy(port, bytesOf) {
  const proxy = { port: 0, cuts: 0, connections: 0, silent: false, sockets: new Set(), close };
  const server = net.createServer((client) => {
    proxy.connections++;
    const upstream = net.connect(port, '127.0.0.1');
    let left = bytesOf();
    for (const socket of [client, upstream]) {
      proxy.sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => (proxy.sockets.delete(socket), client.destroy(), upstream.destroy()));
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (proxy.silent) return;
      client.write(chunk.subarray(0, left));
      if ((left -= chunk.length) > 0) return;
      proxy.cuts++;
      // The bytes before the cut are to arrive.
      client.end(() => client.destroy());
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = server.address().port;
  return proxy;

  async function close() {
    server.close();
    for (const socket of proxy.sockets) socket.destroy();
  }
}

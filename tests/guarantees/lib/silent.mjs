// A peer that is half open: it sends its request, reads nothing and closes nothing.

import net from 'node:net';
import { promptly } from '../../js/suite/lib/support.mjs';

/** @param {URL} url @returns {Promise<net.Socket>} */
export async function silentPeer(url) {
  const socket = net.connect({ host: url.hostname, port: Number(url.port) });
  // A reset is the expected end.
  socket.on('error', () => {});
  socket.pause();
  await promptly(new Promise((resolve) => socket.once('connect', resolve)), 'the connection');
  socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

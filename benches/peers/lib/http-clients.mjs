// The clients, in a process of their own: raw sockets that count what comes by the mark of each
// message, since parsing it would make them the bottleneck. The first one keeps everything, and
// takes it apart when all have got theirs.

import net from 'node:net';
import { check } from './case.mjs';
import { MARK, payloads, verify } from './messages.mjs';
import { now } from './monotonic.mjs';
import { quantile } from './statistics.mjs';

/**
 * @typedef {{ open: { port: number, path: string, clients: number } } | { expect: number } | { verify: number } | { delays: boolean }} Order
 * @typedef {{ done?: number, busy?: number, error?: string, p50?: number, p99?: number }} Report `busy`: microseconds of processor time
 */

const BUFFER_BYTES = 256 * 1024;
const MARK_BYTE = MARK.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);

/** How many messages each one has got. */
let counts = new Uint32Array();
/** How many of them have got as many as expected. */
let complete = 0;
let expected = 0;
let spentBefore = 0;
/** @type {Buffer[]} */
const kept = [];
/** Of each delivery, in microseconds; while they are asked for. @type {number[] | undefined} */
let delays;

/** In microseconds. */
function spent() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** At the end there is nobody left to tell. @param {Report} answer */
const report = (answer) => process.send?.(answer, undefined, undefined, () => {});

/** @param {number} client @param {Buffer} chunk */
function receive(client, chunk) {
  if (client === 0) kept.push(Buffer.from(chunk));
  let count = 0;
  const at = delays && now();
  for (let mark = chunk.indexOf(MARK_BYTE); mark !== -1; mark = chunk.indexOf(MARK_BYTE, mark + 1)) {
    count++;
    if (at) delays?.push(at - numberBehind(chunk, mark));
  }
  if (count === 0) return;
  const before = counts[client] ?? 0;
  counts[client] = before + count;
  if (before < expected && before + count >= expected && ++complete === counts.length)
    report({ done: now(), busy: spent() - spentBefore });
}

/** The time when a message was sent follows its mark. @param {Buffer} chunk @param {number} mark */
function numberBehind(chunk, mark) {
  let number = 0;
  for (let i = mark + 1; ; i++) {
    const digit = (chunk[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return number;
    number = number * 10 + digit;
  }
}

/** @param {{ port: number, path: string, clients: number }} where */
async function open({ port, path, clients }) {
  counts = new Uint32Array(clients);
  const buffer = Buffer.alloc(BUFFER_BYTES);
  for (let client = 0; client < clients; client++) {
    await new Promise((resolve, reject) => {
      const socket = net.connect({
        port,
        host: '127.0.0.1',
        onread: {
          buffer,
          callback: (length, chunk) => {
            // The first bytes are the head of the response: it is connected.
            resolve(undefined);
            receive(client, /** @type {Buffer} */ (chunk).subarray(0, length));
            return true;
          },
        },
      });
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('close', () => report({ error: `the server has closed the connection of client ${client}` }));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`);
    });
  }
  report({ done: now() });
}

/** @param {Order} order */
async function obey(order) {
  if ('open' in order) await open(order.open);
  else if ('expect' in order) {
    [expected, complete] = [expected + order.expect, 0];
    spentBefore = spent();
    report({ done: now() });
  } else if ('verify' in order) {
    check(
      counts.every((count) => count === expected),
      `not every client has got ${expected} messages`,
    );
    verify(dechunked(Buffer.concat(kept).toString()), payloads(order.verify));
    report({ done: now() });
  } else if (order.delays) {
    delays = [];
    report({ done: now() });
  } else {
    const measured = delays ?? [];
    delays = undefined;
    report({ p50: quantile(measured, 0.5), p99: quantile(measured, 0.99), done: measured.length });
  }
}

/** Takes the head and the framing of HTTP off, if it is chunked. @param {string} response ASCII */
function dechunked(response) {
  const end = response.indexOf('\r\n\r\n');
  const [head, body] = [response.slice(0, end).toLowerCase(), response.slice(end + 4)];
  if (!head.includes('transfer-encoding: chunked')) return body;
  let text = '';
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const length = parseInt(body.slice(at, line), 16);
    text += body.slice(line + 2, line + 2 + length);
    at = line + 2 + length + 2;
  }
  return text;
}

process.on('message', (order) => {
  obey(/** @type {Order} */ (order)).catch((error) => report({ error: error.message }));
});
process.on('disconnect', () => process.exit(0));

// Fan-out over real HTTP/1.1, to clients in another process on the same machine.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { check } from './case.mjs';
import { MARK, payloads } from './messages.mjs';
import { now } from './monotonic.mjs';
import { median } from './statistics.mjs';
import { turn } from './turns.mjs';

/**
 * @typedef {import('./messages.mjs').Payload} Payload
 * @typedef {import('./http-clients.mjs').Order} Order
 * @typedef {import('./http-clients.mjs').Report} Report
 *
 * @typedef {object} Hub what sends to all clients
 * @property {number} port
 * @property {string} [path]
 * @property {(payload: Payload) => void} send
 * @property {() => void} [flush] ends a turn
 */

/**
 * How often the messages are sent: once to warm up, and then measured; the median of these bursts
 * counts.
 */
const BURSTS = 6;
const PAUSE_MS = 100;

/**
 * Starts a server on the loopback.
 * @param {import('node:http').RequestListener} handler
 * @returns {Promise<number>} its port
 */
export async function listen(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** Starts the clients. */
function startClients() {
  const child = fork(fileURLToPath(new URL('http-clients.mjs', import.meta.url)), { execArgv: [] });
  /** @type {((report: Report) => void) | undefined} */
  let waiting;
  /** @type {Report | undefined} */
  let early;
  child.on('message', (message) => {
    const report = /** @type {Report} */ (message);
    if (waiting) waiting(report);
    else early = report;
  });
  /** @returns {Promise<Report>} */
  const report = async () => {
    const answer = early ?? (await /** @type {Promise<Report>} */ (new Promise((resolve) => void (waiting = resolve))));
    waiting = early = undefined;
    if (answer.error) throw new Error(`the clients: ${answer.error}`);
    return answer;
  };
  /** @param {Order} order */
  const ask = (order) => {
    child.send(order);
    return report();
  };
  return { ask, report };
}

/**
 * Returns deliveries per second, and how much of a processor the clients took for them.
 * @param {Hub} hub
 * @param {ReturnType<typeof startClients>} clients
 * @param {import('./case.mjs').Settings} settings
 */
async function throughput({ send, flush }, { ask, report }, { clients = 0, messages = 0, turn: perTurn = 1 }) {
  const all = payloads(messages * BURSTS);
  /** @type {number[]} */
  const rates = [];
  /** @type {number[]} */
  const shares = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    await ask({ expect: messages });
    const done = report();
    const start = now();
    for (let i = 0; i < messages; i += perTurn) {
      for (let j = i; j < Math.min(i + perTurn, messages); j++)
        send(/** @type {Payload} */ (all[burst * messages + j]));
      flush?.();
      await turn();
    }
    const { done: end = NaN, busy = NaN } = await done;
    if (burst === 0) continue;
    rates.push((clients * messages) / ((end - start) / 1e6));
    shares.push((100 * busy) / (end - start));
  }
  await ask({ verify: all.length });
  return { rate: median(rates), clients: median(shares) };
}

/**
 * Returns what half and what all but a hundredth of the deliveries take, at a given rate of them.
 * @param {Hub} hub
 * @param {ReturnType<typeof startClients>} clients
 * @param {import('./case.mjs').Settings} settings
 */
async function delay({ send, flush }, { ask, report }, { clients = 0, rate = 0, seconds = 0 }) {
  const every = clients / rate;
  const messages = Math.round(seconds / every);
  // As many again are sent before, to warm up.
  for (const measured of [false, true]) {
    if (measured) await ask({ delays: true });
    await ask({ expect: messages });
    const done = report();
    const start = performance.now();
    for (let i = 0; i < messages; i++) {
      await new Promise((resolve) => setTimeout(resolve, start + i * every * 1000 - performance.now()));
      send({
        n: i,
        t: `${MARK}${Math.round(now())} what a message says what a message says what a message says what a m`,
      });
      flush?.();
    }
    await done;
  }
  const { p50 = NaN, p99 = NaN, done } = await ask({ delays: false });
  check(done === messages * clients, `${done} deliveries, not ${messages * clients}`);
  return { p50, p99 };
}

/**
 * @param {Hub} hub
 * @param {import('./case.mjs').Settings} settings `rate` when the delay at so many deliveries per second is wanted
 */
export async function httpFanOut(hub, settings) {
  const clients = startClients();
  await clients.ask({ open: { port: hub.port, path: hub.path ?? '/', clients: settings.clients ?? 0 } });
  // Servers finish what connecting has begun.
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  return settings.rate ? delay(hub, clients, settings) : throughput(hub, clients, settings);
}

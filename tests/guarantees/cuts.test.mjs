// Lost connections lose no message. Clients are cut at random bytes, again and again, and reconnect
// with their last id. They get every message once and in order.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { served } from '../js/lib/site.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { EventStreamDecoder } from '../js/suite/lib/decoder.mjs';
import { seeded } from './lib/seeded.mjs';

const MESSAGES = 10_000;
const CLIENTS = 10;
const CUTS = 1000;
/** How far the publisher is ahead of the slowest client at most: all are cut while it publishes. */
const AHEAD = 500;
/**
 * Bytes behind a message within which a cut comes, at random: some blocks, and what a new
 * connection starts with.
 */
const WITHIN = 200;
/** The last message behind which a client is cut: more than WITHIN bytes follow. */
const LAST_CUT = MESSAGES - 20;

/** A client that is cut. It has what was decoded up to then, and nothing else. */
class Client {
  events = [];
  /** How many events there are, with those of the connection that is open. */
  got = 0;
  lastEventId = '';
  cuts = 0;
  /**
   * Cuts in the middle of a block, of a chunk, and before the end of the first block of a
   * connection.
   */
  inBlock = 0;
  inChunk = 0;
  inPrelude = 0;

  /** @param {string} url @param {import('../js/suite/lib/random.mjs').Random} random @param {number[]} plan behind how many messages it is cut */
  constructor(url, random, plan) {
    this.url = url;
    this.random = random;
    this.plan = plan;
  }

  async run() {
    for (const behind of this.plan) await this.connect(behind, this.random.below(WITHIN));
    await this.connect(MESSAGES, 0);
  }

  /** Reads until so many messages have come, and so many bytes more. @param {number} behind @param {number} more */
  async connect(behind, more) {
    const decoder = new EventStreamDecoder();
    const headers = this.lastEventId === '' ? {} : { 'Last-Event-ID': this.lastEventId };
    const request = http.get(this.url, { agent: false, headers });
    const response = await new Promise((resolve, reject) => request.once('response', resolve).once('error', reject));
    assert.equal(response.statusCode, 200);
    let left = more;
    const count = () => (this.got = this.events.length + decoder.events.length);
    await new Promise((resolve, reject) => {
      response.on('data', (chunk) => {
        if (request.destroyed) return;
        let taken = 0;
        // Byte by byte up to the message; the cut then is at a byte of its own.
        while (taken < chunk.length && (count() < behind || left > 0)) {
          if (count() >= behind) left--;
          decoder.push(chunk.subarray(taken, ++taken));
        }
        if (count() < behind || left > 0) return;
        this.inChunk += taken < chunk.length ? 1 : 0;
        request.destroy();
        resolve(undefined);
      });
      response.on('error', (error) => (request.destroyed ? resolve(undefined) : reject(error)));
      response.on('end', () =>
        reject(new Error(`the server has ended the response at message ${count()} of ${behind}`)),
      );
    });
    // Bytes after the last empty line are lost with the connection: the decoder does not learn of
    // the end.
    if (behind < MESSAGES) {
      this.cuts++;
      this.inBlock += decoder.isInBlock ? 1 : 0;
      this.inPrelude += decoder.lastEventId === '' ? 1 : 0;
    }
    this.events.push(...decoder.events);
    this.lastEventId = decoder.lastEventId || this.lastEventId;
  }
}

test(`${MESSAGES} messages, ${CUTS} cuts at random bytes: nothing lost, nothing twice, in order`, {
  timeout: 120_000,
}, async (context) => {
  const random = seeded(context);
  const channel = new SSEChannel({ history: { messages: MESSAGES, bytes: Infinity } });
  const server = await served((request) => channel.response(request));
  context.after(() => server.close());
  // A page that loads its state with this id misses nothing before the first id has come.
  const url = `${server.url}/?lastEventId=${channel.lastEventId}`;

  const clients = Array.from({ length: CLIENTS }, () => {
    const plan = Array.from({ length: CUTS / CLIENTS }, () => random.below(LAST_CUT)).sort((a, b) => a - b);
    // Some connections are cut right after their start, again and again.
    for (let i = 1; i < plan.length; i++) if (random.chance(15)) plan[i] = plan[i - 1];
    return new Client(url, random, plan);
  });
  let published = 0;
  let whilePublishing = 0;
  const publish = async () => {
    const slowest = () => Math.min(...clients.map(({ got }) => got));
    while (published < MESSAGES) {
      const burst = Math.min(1 + random.below(60), MESSAGES - published, AHEAD + slowest() - published);
      for (let sent = 0; sent < burst; sent++) {
        const number = published++;
        channel.broadcast({ type: 'n', payload: number % 50 === 0 ? `${number} ${'é'.repeat(number % 400)}` : number });
      }
      whilePublishing = clients.reduce((sum, { cuts }) => sum + cuts, 0);
      await new Promise(random.chance(50) ? (resolve) => setImmediate(resolve) : (resolve) => setTimeout(resolve, 1));
    }
  };
  const start = performance.now();
  await Promise.all([publish(), ...clients.map((client) => client.run())]);
  const seconds = (performance.now() - start) / 1000;

  const sum = (what) => clients.reduce((total, client) => total + client[what], 0);
  const { replayed } = channel.stats();
  context.diagnostic(
    `${sum('cuts')} cuts of ${CLIENTS} clients in ${seconds.toFixed(1)} s, ${whilePublishing} of them while it was published`,
  );
  context.diagnostic(
    `${sum('inBlock')} cuts in the middle of a block, ${sum('inChunk')} of a chunk, ${sum('inPrelude')} before the first id of the connection; ${replayed} messages replayed`,
  );
  assert.equal(sum('cuts'), CUTS);
  assert.ok(sum('inBlock') > CUTS / 2);
  assert.ok(replayed > 0);
  for (const { events } of clients) {
    assert.equal(events.filter(({ type }) => type === '_eric_gap').length, 0, 'gaps');
    assert.deepEqual(
      events.map(({ type, data }) => `${type} ${parseInt(data, 10)}`),
      Array.from({ length: MESSAGES }, (_, number) => `n ${number}`),
    );
  }
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
  );
  const { ended } = channel.stats();
  context.diagnostic(`ends: ${JSON.stringify(ended)}`);
});

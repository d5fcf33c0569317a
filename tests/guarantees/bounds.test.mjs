// Bounds are exact: 10,000 messages to a reader that may have 1,024 waiting, in every way of
// overflowing, on every way to read.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QueueFullException, SSEChannel } from 'eric-sse';
import { served } from '../js/lib/site.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { BodyReader } from '../js/suite/lib/body.mjs';

const BACKLOG = 10_000;
const BOUND = 1024;
const MISSED = BACKLOG - BOUND;

/** The numbers from one to another. @param {number} from @param {number} to */
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Sends the whole backlog in one turn, in which nobody reads. Returns how many were refused. @param {SSEChannel} channel */
function sendAll(channel) {
  let refused = 0;
  for (const number of numbers(1, BACKLOG)) {
    try {
      channel.broadcast({ type: 'n', payload: number });
    } catch (error) {
      assert.ok(error instanceof QueueFullException);
      assert.equal(error.refused.payload, number);
      refused++;
    }
  }
  return refused;
}

/** @type {Awaited<ReturnType<typeof served>>} */
let server;
/** The answer of the server. @type {() => Response} */
let answer;
before(async () => {
  server = await served((request) => answer(request));
});
after(() => server.close());

/** An event as clients have it. @param {{ type: string, data: string }} event */
const decoded = ({ type, data }) => ({ type, data: JSON.parse(data || 'null') });

/**
 * The ways to read. Each opens a reader that waits for its first message; `events` reads so many,
 * `rest` to the end.
 * @type {Record<string, (channel: SSEChannel, options: import('eric-sse').ResponseOptions) => Promise<{ events(count: number): Promise<any[]>, rest(): Promise<any[]>, leave(): unknown }>>}
 */
const READERS = {
  async 'a body'(channel, options) {
    const reader = new BodyReader(channel.response(undefined, options));
    await reader.chunk();
    const all = () => reader.decoder.events.map(decoded);
    return {
      events: async (count) => void (await reader.events(count)) ?? all(),
      rest: async () => void (await reader.rest()) ?? all(),
      leave: () => reader.cancel(),
    };
  },
  async 'a client over HTTP'(channel, options) {
    answer = (request) => channel.response(request, options);
    const { reader, leave } = await subscribe(server.url);
    await reader.chunk();
    const all = () => reader.decoder.events.map(decoded);
    return {
      events: async (count) => void (await reader.events(count)) ?? all(),
      rest: async () => void (await reader.rest()) ?? all(),
      leave,
    };
  },
  async 'watch()'(channel, { queue }) {
    const stream = channel.watch({ queue });
    const events = [];
    const read = async (count) => {
      while (events.length < count) {
        const { done, value } = await stream.next();
        if (done) return events;
        events.push({ type: value.event, data: value.data ?? null });
      }
      return events;
    };
    return { events: read, rest: () => read(Infinity), leave: () => stream.return() };
  },
};

for (const [name, open] of Object.entries(READERS)) {
  const isWatch = name === 'watch()';
  describe(`${BACKLOG} messages for ${name} that may have ${BOUND} waiting`, () => {
    /** @type {SSEChannel} */
    let channel;
    /** @type {import('eric-sse').CloseReport[]} */
    let closed;
    /** Opens a reader of a channel of the test's own. @param {import('eric-sse').QueueOptions} queue */
    const opened = async (queue, history = {}) => {
      channel = new SSEChannel({ history });
      closed = [];
      return open(channel, { queue, onClose: (report) => void closed.push(report) });
    };
    const nobody = () =>
      until(
        () => channel.listenerCount,
        (count) => count === 0,
        'listeners',
      );

    test(`drop-oldest: the last ${BOUND} are delivered, and one gap says exactly ${MISSED}`, async (context) => {
      const reader = await opened({ messages: BOUND, overflow: 'drop-oldest' });
      assert.equal(sendAll(channel), 0);
      const start = channel.lastEventId.replace(/-.*/, '-');
      assert.deepEqual((({ queued, lag, dropped }) => ({ queued, lag, dropped }))(channel.stats()), {
        queued: BOUND,
        lag: BOUND,
        dropped: { overflow: MISSED, discarded: 0 },
      });
      const [gap, ...messages] = await reader.events(1 + BOUND);
      assert.deepEqual(gap, {
        type: '_eric_gap',
        data: { reason: 'overflow', missed: MISSED, from: `${start}0`, to: `${start}${MISSED}` },
      });
      assert.deepEqual(
        messages.map(({ data }) => data),
        numbers(MISSED + 1, BACKLOG),
      );
      const { delivered, dropped } = channel.stats();
      assert.equal(delivered, BOUND);
      assert.equal(dropped.overflow, MISSED);
      context.diagnostic(`${delivered} delivered, ${dropped.overflow} dropped, the gap says ${gap.data.missed}`);
      // And nothing more is missing from here on.
      channel.broadcast({ type: 'n', payload: 0 });
      assert.deepEqual((await reader.events(2 + BOUND)).at(-1), { type: 'n', data: 0 });
      await reader.leave();
      await nobody();
    });

    test(`refuse: the sender is refused exactly ${MISSED}, and the first ${BOUND} are delivered`, async (context) => {
      const reader = await opened({ messages: BOUND, overflow: 'refuse' });
      // Another listener with room: a broadcast that one listener refuses reaches no listener.
      const other = channel.watch();
      const refused = sendAll(channel);
      assert.equal(refused, MISSED);
      const stats = channel.stats();
      assert.equal(stats.refused.full, MISSED);
      assert.equal(stats.broadcasts, BOUND);
      const messages = await reader.events(BOUND);
      assert.deepEqual(
        messages.map(({ data }) => data),
        numbers(1, BOUND),
      );
      context.diagnostic(`${refused} refused, ${messages.length} delivered`);
      for (const number of numbers(1, BOUND)) assert.equal((await other.next()).value.data, number);
      // There is room again.
      channel.broadcast({ type: 'n', payload: 0 });
      assert.deepEqual((await reader.events(1 + BOUND)).at(-1), { type: 'n', data: 0 });
      assert.equal((await other.next()).value.data, 0);
      await reader.leave();
      await other.return();
      await nobody();
    });

    test('disconnect: the reader is disconnected once, and what it had not read is counted', async (context) => {
      const reader = await opened({ messages: BOUND, overflow: 'disconnect' });
      assert.equal(sendAll(channel), 0);
      assert.equal(channel.listenerCount, 0);
      assert.deepEqual(await reader.rest(), []);
      const { ended, dropped, broadcasts } = channel.stats();
      assert.equal(broadcasts, BACKLOG);
      assert.equal(dropped.overflow, 0);
      // The messages that waited when it left, the excess one included.
      assert.equal(dropped.discarded, BOUND + 1);
      if (!isWatch) {
        assert.deepEqual(ended, { full: 1 });
        assert.deepEqual(
          closed.map(({ reason }) => reason),
          ['full'],
        );
      }
      context.diagnostic(`ends ${JSON.stringify(ended)}, ${dropped.discarded} discarded`);
      await reader.leave();
    });

    test(`no bound: all ${BACKLOG} are delivered`, async (context) => {
      const reader = await opened(isWatch ? undefined : { messages: Infinity, bytes: Infinity });
      assert.equal(sendAll(channel), 0);
      const messages = await reader.events(BACKLOG);
      assert.deepEqual(
        messages.map(({ type, data }) => [type, data]),
        numbers(1, BACKLOG).map((number) => ['n', number]),
      );
      const { delivered, dropped } = channel.stats();
      assert.equal(delivered, BACKLOG);
      assert.equal(dropped.overflow, 0);
      context.diagnostic(`${delivered} delivered, ${dropped.overflow} dropped`);
      await reader.leave();
      await nobody();
    });
  });
}

describe('a response, without a word about bounds', () => {
  test(`a listener with more than ${BOUND} waiting is disconnected, and its client is replayed from the history`, async (context) => {
    const channel = new SSEChannel({ history: { messages: BACKLOG, bytes: Infinity } });
    answer = (request) => channel.response(request);
    const first = await subscribe(server.url);
    await first.reader.chunk();
    sendAll(channel);
    await first.reader.rest();
    assert.deepEqual(first.reader.decoder.events, []);
    const headers = { 'Last-Event-ID': first.reader.decoder.lastEventId };
    const second = await subscribe(server.url, { headers });
    const events = await second.reader.events(BACKLOG);
    assert.deepEqual(
      events.map(({ data }) => Number(data)),
      numbers(1, BACKLOG),
    );
    context.diagnostic(`ends ${JSON.stringify(channel.stats().ended)}; ${events.length} replayed`);
    second.leave();
  });

  test('a history that is shorter than that says by how much', async (context) => {
    const channel = new SSEChannel();
    const id = channel.lastEventId;
    sendAll(channel);
    const reader = new BodyReader(
      channel.response({ method: 'GET', signal: undefined, headers: new Headers({ 'Last-Event-ID': id }) }),
    );
    const [gap, ...events] = await reader.events(1 + BOUND);
    assert.equal(gap.type, '_eric_gap');
    assert.deepEqual(JSON.parse(gap.data), { reason: 'expired', missed: MISSED, from: id, to: gap.lastEventId });
    assert.deepEqual(
      events.map(({ data }) => Number(data)),
      numbers(MISSED + 1, BACKLOG),
    );
    context.diagnostic(gap.data);
    await reader.cancel();
  });
});

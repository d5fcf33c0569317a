// A stored channel: what its clients and its callers see, over a backend that answers at once and
// one that answers later.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChannelContainer } from 'eric-sse';
import { BackendException, openChannel, StoredChannel } from 'eric-sse/backend';
import { toNode } from 'eric-sse/node';
import { until } from '../js/lib/sse-client.mjs';
import { client, range, shown } from './lib/clients.mjs';
import { memoryStore } from './lib/memory.mjs';

const n = (payload) => ({ type: 'n', payload });
const sendAll = (channel, from, to) => Promise.all(range(from, to).map((payload) => channel.broadcast(n(payload))));
const number = (id) => Number(id.split('-')[1]);
const caughtUp = (channel, id) =>
  until(
    () => channel.lastEventId,
    (newest) => newest === id,
    'the newest id',
  );

for (const late of [false, true])
  describe(`over a backend that answers ${late ? 'later' : 'at once'}`, () => {
    const opened = async (store = memoryStore({ late }), options) => ({
      store,
      channel: await openChannel('a', store.connect(), options),
      another: () => openChannel('a', store.connect(), options),
    });

    test('a broadcast reaches the clients of every process, with the same id', async () => {
      const { channel, another } = await opened();
      const other = await another();
      const [here, there] = [client(channel), client(other)];
      const ids = await sendAll(channel, 1, 3);
      ids.push(...(await sendAll(other, 4, 6)));
      for (const reader of [here, there]) {
        const events = await reader.take(6);
        assert.deepEqual(shown(events), range(1, 6));
        assert.deepEqual(
          events.map(({ lastEventId }) => lastEventId),
          ids,
        );
        await reader.leave();
      }
      assert.deepEqual(ids.map(number), [1, 2, 3, 4, 5, 6]);
      await other.leave();
      await channel.leave();
    });

    test('it is an SSEChannel: payloads, filters, exceptions and containers', async () => {
      const { channel } = await opened();
      assert.ok(channel instanceof StoredChannel);
      assert.equal(channel.id, 'a');
      const container = new ChannelContainer();
      container.register(channel);
      assert.equal(typeof toNode(container.get('a')), 'function');
      const reader = channel.watch({ events: ['n'] });
      const excepted = client(channel, undefined, { listener: 'one' });
      await channel.broadcast({ type: 'other' });
      await channel.broadcast(n({ a: [1] }), { except: 'one' });
      await channel.broadcast(n('last'));
      assert.deepEqual((await reader.next()).value.data, { a: [1] });
      assert.deepEqual(shown(await excepted.take(2)), ['', 'last']);
      await excepted.leave();
      await channel.leave();
    });

    test('the messages of one turn are stored by one call', async () => {
      const { channel, store } = await opened();
      await sendAll(channel, 1, 64);
      await channel.broadcast(n('65'));
      assert.deepEqual(store.calls, [64, 1]);
      await channel.leave();
    });

    test('a client is not given a message before it is stored', async () => {
      const { channel, store } = await opened();
      const reader = client(channel);
      const stored = [];
      store.after = (call) => call === 'append' && stored.push(reader.events.length);
      await channel.broadcast(n('1'));
      await reader.take(1);
      assert.deepEqual(stored, [0]);
      await channel.leave();
    });

    test('a channel that is opened later has the history, and continues it', async () => {
      const { channel, another } = await opened();
      const ids = await sendAll(channel, 1, 600);
      const other = await another();
      assert.equal(other.lastEventId, ids.at(-1));
      const reader = client(other, ids[9]);
      await channel.broadcast(n('601'));
      assert.deepEqual(shown(await reader.take(591)), range(11, 601));
      await other.leave();
      await channel.leave();
    });

    test('a client continues after a restart, with the id of before', async () => {
      const { channel, store, another } = await opened();
      const ids = await sendAll(channel, 1, 5);
      store.crash();
      const next = await another();
      await next.broadcast(n('6'));
      const events = await client(next, ids[2]).take(3);
      assert.deepEqual(shown(events), ['4', '5', '6']);
      assert.equal(number(events[2].lastEventId), 6);
      assert.deepEqual(shown(await client(next, ids[4]).take(1)), ['6']);
      await next.leave();
    });

    test('after a restored copy, an id that the copy lacks receives a gap of reason epoch', async () => {
      const { channel, store, another } = await opened();
      const ids = await sendAll(channel, 1, 3);
      const restore = store.copy();
      ids.push(...(await sendAll(channel, 4, 6)));
      restore();
      const next = await another();
      await sendAll(next, 41, 49);
      // The client may have to ask twice while the backend is read.
      const events = async (id) => {
        for (;;) {
          const reader = client(next, id);
          const [first] = await reader.take(1).catch(() => []);
          if (first) return [first, ...(await reader.take(1))];
        }
      };
      const known = shown(await events(ids[2]));
      assert.deepEqual(known, ['41', '42']);
      const [gap] = shown(await events(ids[4]));
      assert.equal(gap.reason, 'epoch');
      assert.equal(gap.missed, undefined);
      await next.leave();
    });

    test('a listener receives what is dispatched to it in whichever process its client is', async () => {
      const { channel, another } = await opened();
      const other = await another();
      const options = { listener: 'one', resumeSeconds: 60 };
      const [one, bystander] = [client(channel, undefined, options), client(channel, undefined, { listener: 'two' })];
      await channel.broadcast(n('all 1'));
      await other.dispatch('one', n('for one'));
      const id = await channel.broadcast(n('all 2'));
      const events = await one.take(3);
      assert.deepEqual(shown(events), ['all 1', 'for one', 'all 2']);
      await one.leave();
      await channel.dispatch('one', n('while away'));
      const last = await channel.broadcast(n('all 3'));
      await caughtUp(other, last);
      assert.deepEqual(shown(await client(other, id, options).take(2)), ['while away', 'all 3']);
      assert.deepEqual(shown(await bystander.take(3)), ['all 1', 'all 2', 'all 3']);
      await other.leave();
      await channel.leave();
    });

    test('a call whose answer was lost is repeated, and stored once', async () => {
      const { channel, store } = await opened();
      let lost = 3;
      store.after = (call) => {
        if (call === 'append' && lost-- > 0) throw new Error('the connection broke');
      };
      const reader = client(channel);
      await sendAll(channel, 1, 2);
      await channel.broadcast(n('3'));
      assert.deepEqual(shown(await reader.take(3)), ['1', '2', '3']);
      assert.equal(number(channel.lastEventId), 3);
      await channel.leave();
    });

    test('a send is refused when the backend is away for too long, and clients stay connected', async () => {
      const { channel, store } = await opened(undefined, { waitSeconds: 0.1 });
      const reader = client(channel);
      const away = new Error('away');
      store.before = (call) => {
        if (call === 'append') throw away;
      };
      await assert.rejects(channel.broadcast(n('lost')), (error) => {
        assert.ok(error instanceof BackendException);
        assert.deepEqual([error.code, error.status, error.cause], ['ERIC_BACKEND', 503, away]);
        return true;
      });
      store.before = () => {};
      await channel.broadcast(n('1'));
      assert.deepEqual(shown(await reader.take(1)), ['1']);
      await channel.leave();
    });

    test('a process that the history has passed sends its clients to it again, with a counted gap', async () => {
      const store = memoryStore({ late });
      const { channel, another } = await opened(store, { history: { messages: 10 } });
      const other = await another();
      const [first] = await sendAll(channel, 1, 1);
      await caughtUp(other, first);
      const reader = client(other);
      await other.broadcast(n('2'));
      await reader.take(1);
      const id = reader.lastEventId;
      let isCut = true;
      const { before } = store;
      store.before = (call) => {
        if (call === 'read' && isCut) throw new Error('cut off');
      };
      const { error } = console;
      console.error = () => {};
      try {
        await sendAll(channel, 3, 30);
        await new Promise((resolve) => setTimeout(resolve, 50));
      } finally {
        console.error = error;
      }
      isCut = false;
      store.before = before;
      await reader.rest();
      assert.ok(reader.retryMilliseconds >= 500);
      const again = client(other, id);
      const [gap, ...rest] = shown(await again.take(11));
      assert.deepEqual([gap.reason, gap.missed], ['expired', 18]);
      assert.deepEqual(rest, range(21, 30));
      await other.leave();
      await channel.leave();
    });

    test('closing ends the clients of every process, after what was sent before', async () => {
      const { channel, another } = await opened();
      const other = await another();
      const [here, there] = [client(channel), client(other)];
      const sent = sendAll(channel, 1, 3);
      await channel.close();
      await sent;
      for (const reader of [here, there])
        assert.deepEqual(
          (await reader.rest()).map(({ type, data }) => data || type),
          ['1', '2', '3', '_eric_channel_closed'],
        );
      for (const one of [channel, other]) {
        assert.equal(one.response().status, 204);
        await assert.rejects(one.broadcast(n('4')), { code: 'ERIC_INVALID_CHANNEL' });
      }
      const anew = await another();
      assert.equal(number(anew.lastEventId), 0);
      assert.equal(number(await anew.broadcast(n('1'))), 1);
      await anew.leave();
    });

    test('a process that leaves stores what it was given, and its clients reconnect', async () => {
      const { channel, another } = await opened();
      const other = await another();
      const reader = client(channel);
      const rest = reader.rest();
      const sent = sendAll(channel, 1, 3);
      await channel.leave();
      const ids = await sent;
      assert.deepEqual(shown(await rest), ['1', '2', '3']);
      assert.ok(reader.retryMilliseconds >= 500);
      await assert.rejects(channel.broadcast(n('4')), { code: 'ERIC_INVALID_CHANNEL' });
      const later = client(channel, `${ids[2]}0`);
      assert.deepEqual(await later.rest(), []);
      assert.ok(later.retryMilliseconds >= 7500);
      await caughtUp(other, ids[2]);
      await other.broadcast(n('4'));
      assert.deepEqual(shown(await client(other, reader.lastEventId).take(1)), ['4']);
      await other.leave();
    });

    test('options that a stored channel cannot keep are refused', async () => {
      const { channel, store } = await opened();
      assert.throws(() => channel.response(null, { queue: { overflow: 'refuse' } }), RangeError);
      for (const history of [{ messages: 0 }, { seconds: 0 }, { bytes: 0 }])
        await assert.rejects(openChannel('b', store.connect(), { history }), RangeError);
      await assert.rejects(openChannel('b', {}), TypeError);
      await assert.rejects(openChannel('', store.connect()), RangeError);
      await assert.rejects(channel.broadcast(n(new Map())), { code: 'ERIC_INVALID_MESSAGE' });
      await assert.rejects(channel.dispatch(undefined, n('1')), TypeError);
      await channel.leave();
    });
  });

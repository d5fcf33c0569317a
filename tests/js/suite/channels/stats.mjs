// Counters: what was sent has become something, always.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import { assert, ready, settle, sleep } from '../lib/support.mjs';

export default function register({ MessageQueueListener, QueueFullException, SSEChannel }, test) {
  const broadcast = (channel, count) => {
    for (; count > 0; count--) channel.broadcast({ type: 'n', payload: count });
  };

  test('the counters of a new channel, whole', () => {
    const channel = new SSEChannel({ id: 'x' });
    assert.deepEqual(channel.stats(), {
      id: 'x',
      closed: false,
      listeners: 0,
      connected: 0,
      broadcasts: 0,
      delivered: 0,
      replayed: 0,
      queued: 0,
      bytes: 0,
      lag: 0,
      remembered: 0,
      dropped: { overflow: 0, discarded: 0 },
      refused: { onMessage: 0, filter: 0, full: 0 },
      history: { messages: 0, bytes: 0 },
      ended: {},
    });
  });

  test('the counters of a new listener, whole, registered or not', () => {
    const zero = {
      running: false,
      connected: 0,
      delivered: 0,
      replayed: 0,
      queued: 0,
      bytes: 0,
      lag: 0,
      remembered: 0,
      dropped: { overflow: 0, discarded: 0 },
      refused: { onMessage: 0, filter: 0 },
    };
    const listener = new MessageQueueListener({ id: 'x' });
    assert.deepEqual(listener.stats(), { id: 'x', ...zero });
    new SSEChannel().registerListener(listener);
    assert.deepEqual(listener.stats(), { id: 'x', ...zero });
  });

  test('counters are plain objects, which go through JSON unharmed and are each a new one', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: 3 } });
    broadcast(channel, 10);
    await ready(stream);
    for (const stats of [channel.stats(), stream.listener.stats()]) {
      assert.deepEqual(JSON.parse(JSON.stringify(stats)), stats);
      assert.strictEqual(Object.getPrototypeOf(stats), Object.prototype);
    }
    const stats = channel.stats();
    stats.dropped.overflow = 99;
    stats.ended.mine = 1;
    stats.history.messages = 99;
    assert.strictEqual(channel.stats().dropped.overflow, 7);
    assert.deepEqual(channel.stats().ended, {});
    await stream.return();
  });

  test('queued, bytes and lag say what waits', async () => {
    const channel = new SSEChannel();
    const [slow, fast] = [channel.addListener(), channel.watch()];
    for (const payload of ['x', 'yy', 'zzz']) channel.broadcast({ type: 'ab', payload });
    channel.dispatch(slow.id, { type: 'c' });
    await ready(fast);
    const { queued, bytes, lag } = slow.stats();
    assert.deepEqual({ queued, bytes, lag }, { queued: 4, bytes: 4 * 256 + 2 * 3 + 6 + 1, lag: 3 });
    assert.deepEqual([fast.listener.stats().queued, fast.listener.stats().lag], [0, 0]);
    const stats = channel.stats();
    assert.deepEqual(
      [stats.queued, stats.bytes, stats.lag, stats.listeners, stats.connected, stats.broadcasts],
      [4, 4 * 256 + 13, 3, 2, 1, 3],
    );
    await fast.return();
  });

  test('connected counts the streams and responses that are open', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const streams = [channel.messageStream(listener), channel.messageStream(listener)];
    const reader = new BodyReader(channel.response());
    assert.strictEqual(listener.stats().connected, 2);
    assert.strictEqual(channel.stats().connected, 2);
    for (const stream of streams) await stream.return();
    await reader.cancel();
    assert.strictEqual(listener.stats().connected, 0);
    assert.strictEqual(channel.stats().connected, 0);
  });

  test('a listener at several channels counts all of them', async () => {
    const channels = [new SSEChannel(), new SSEChannel()];
    const listener = new MessageQueueListener();
    for (const channel of channels) channel.registerListener(listener);
    for (const channel of channels) broadcast(channel, 3);
    listener.startSync();
    channels[0].deliverNext(listener.id);
    const { queued, delivered } = listener.stats();
    assert.deepEqual([queued, delivered], [5, 1]);
    channels[1].removeListener(listener.id);
    assert.strictEqual(listener.stats().queued, 2);
    assert.strictEqual(channels[1].stats().dropped.discarded, 3);
  });

  test('the messages of a listener that has left are still counted', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: 4 } });
    broadcast(channel, 10);
    await ready(stream);
    broadcast(channel, 2);
    await stream.return();
    const { delivered, dropped, queued, listeners } = channel.stats();
    assert.deepEqual(
      { delivered, dropped, queued, listeners },
      { delivered: 4, dropped: { overflow: 6, discarded: 2 }, queued: 0, listeners: 0 },
    );
  });

  test('counters work on a closed channel, and from within every callback', async () => {
    const channel = new SSEChannel();
    const seen = [];
    const look = () =>
      void seen.push(JSON.stringify([channel.stats(), channel.listeners().map((listener) => listener.stats())]));
    const listener = new MessageQueueListener({ onMessage: look });
    const reader = new BodyReader(channel.response(null, { listener, filter: () => (look(), true), onClose: look }));
    broadcast(channel, 1);
    channel.close();
    await reader.rest();
    assert.strictEqual(seen.length, 3);
    assert.isTrue(channel.stats().closed);
  });

  test('the history is weighed as it is', async () => {
    const channel = new SSEChannel({ history: { messages: 3, seconds: 0.02 } });
    broadcast(channel, 9);
    assert.deepEqual(channel.stats().history, { messages: 3, bytes: 3 * (256 + 2) });
    await sleep(50);
    assert.deepEqual(channel.stats().history, { messages: 0, bytes: 0 });
  });

  /** Everything that was sent to a listener has become one of these. */
  const accounted = ({ delivered, replayed, dropped, refused, queued }) =>
    delivered - replayed + dropped.overflow + dropped.discarded + refused.onMessage + refused.filter + queued;

  for (let seed = 1; seed <= 60; seed++) {
    test(`everything sent is accounted for at every moment, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const channel = new SSEChannel({ history: { messages: random.below(30) } });
      let total = 0;
      let [broadcasts, full, number] = [0, 0, 0];
      /** @type {any[]} */
      const seats = [];
      const OVERFLOWS = ['drop-oldest', 'disconnect', 'refuse'];

      const open = () => {
        const options = {
          ...(random.chance(60) ? { queue: { messages: 1 + random.below(6), overflow: random.pick(OVERFLOWS) } } : {}),
          ...(random.chance(40) ? { filter: ({ payload }) => payload % 3 !== 0 } : {}),
          onError: () => {},
        };
        const refuses = random.chance(40);
        const onMessage = ({ payload }) => {
          if (payload % 5 === 0) throw new Error('refused');
        };
        const listener = new MessageQueueListener({ id: `l${number++}`, ...(refuses ? { onMessage } : {}) });
        const kind = random.below(3);
        if (kind === 0) channel.registerListener(listener, options);
        const stream = kind === 1 ? channel.watch({ ...options, listener }) : undefined;
        const body =
          kind === 2
            ? new BodyReader(
                channel.response(null, { ...options, listener, ...(random.chance(50) ? {} : { queue: undefined }) }),
              )
            : undefined;
        seats.push({ listener, stream, body, sent: 0 });
      };
      const here = () => seats.filter(({ listener }) => channel.listeners().includes(listener));

      for (let step = 0; step < 150; step++) {
        const act = random.below(100);
        const one = seats.length > 0 ? random.pick(seats) : undefined;
        if (act < 8 || one === undefined) open();
        else if (act < 45) {
          const left = random.chance(30) ? here().filter(() => random.chance(40)) : [];
          const before = here();
          try {
            channel.broadcast({ type: 'n', payload: step }, { except: left.map(({ listener }) => listener) });
            broadcasts++;
            // An excepted listener passes it over, and counts it like messages that the filter
            // refused.
            total += before.length;
            for (const seat of before) seat.sent++;
          } catch (error) {
            assert.instanceOf(error, QueueFullException);
            full++;
          }
        } else if (act < 60) {
          if (!here().includes(one)) continue;
          try {
            channel.dispatch(one.listener.id, { type: 'n', payload: step });
            total++;
            one.sent++;
          } catch (error) {
            assert.instanceOf(error, QueueFullException);
            full++;
          }
        } else if (act < 70) {
          if (one.stream) await ready(one.stream);
          else if (one.body) void one.body.read().catch(() => {});
          else one.listener.startSync();
        } else if (act < 80) {
          if (!one.stream && !one.body && here().includes(one)) {
            try {
              channel.deliverNext(one.listener.id);
            } catch {
              // Refused, or nothing there.
            }
          }
        } else if (act < 84) {
          if (here().includes(one)) channel.removeListener(one.listener.id);
        } else if (act < 87) {
          void one.stream?.return();
          void one.body?.cancel();
        } else if (act < 90) one.listener.stopSync();
        else await settle();

        for (const { listener, sent } of here()) {
          assert.strictEqual(
            accounted(listener.stats()),
            sent,
            `step ${step}: ${listener.id} ${JSON.stringify(listener.stats())}`,
          );
        }
        const stats = channel.stats();
        assert.strictEqual(accounted(stats), total, `step ${step}: ${JSON.stringify(stats)}`);
        assert.deepEqual(
          [stats.broadcasts, stats.refused.full, stats.listeners],
          [broadcasts, full, here().length],
          `step ${step}`,
        );
      }
    });
  }

  for (let seed = 1; seed <= 20; seed++) {
    test(`replays are accounted for once they have been read, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const channel = new SSEChannel({ history: { messages: 20 } });
      for (let round = 0; round < 20; round++) {
        broadcast(channel, random.below(8));
        const { broadcasts } = channel.stats();
        const behind = random.below(Math.min(broadcasts, 30) + 1);
        const stream = channel.watch({ lastEventId: channel.lastEventId.replace(/-.*/, `-${broadcasts - behind}`) });
        const live = random.below(5);
        broadcast(channel, live);
        channel.dispatch(stream.listener.id, { type: 'n' });
        await ready(stream);
        const stats = stream.listener.stats();
        assert.strictEqual(stats.replayed, Math.min(behind, 20));
        assert.strictEqual(accounted(stats), live + 1);
        await stream.return();
      }
    });

    test(`a listener that is resumed at random places loses nothing from its account, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const channel = new SSEChannel();
      let reader;
      let sent = 0;
      const ids = [];
      const connect = (lastEventId) =>
        (reader = new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: 60, lastEventId })));
      const read = async () => {
        void reader.read();
        await settle();
        ids.push(...reader.decoder.events.map(({ lastEventId }) => lastEventId));
      };
      connect();
      for (let step = 0; step < 120; step++) {
        const act = random.below(10);
        if (act < 3) channel.broadcast({ type: 'n', payload: step });
        else if (act < 6) channel.dispatch('x', { type: 'n', payload: step });
        if (act < 6) sent++;
        if (act === 7 || act === 8) await read();
        if (act === 9) {
          await reader.cancel();
          connect(ids.length > 0 && random.chance(70) ? random.pick(ids) : undefined);
        }
        const stats = channel.getListener('x').stats();
        if (stats.queued === 0)
          assert.strictEqual(accounted(stats), sent, `step ${step}, after ${act}: ${JSON.stringify(stats)}`);
      }
      await read();
      assert.strictEqual(accounted(channel.getListener('x').stats()), sent);
      channel.removeListener('x');
      assert.strictEqual(accounted(channel.stats()), sent);
    });
  }
}

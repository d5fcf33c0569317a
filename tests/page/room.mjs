// The bounds of what the page's channels keep and send.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { MOST_WAITING, Refusal, Room } from '../../www/shared/room.mjs';
import { Ticker } from '../../www/shared/ticker.mjs';
import { pause, until } from './support.mjs';

export function room() {
  describe('the room', () => {
    test('sending is refused when too many wait for a listener, and ticks hold', async () => {
      const channel = new SSEChannel();
      const room = new Room(channel, 1000);
      const listener = channel.addListener();
      room.enter(listener);
      for (let i = 0; i < MOST_WAITING; i++) room.broadcast({ type: 'news', payload: i });
      assert.throws(
        () => room.broadcast({ type: 'news' }),
        (error) => error instanceof Refusal && error.status === 429,
      );
      assert.throws(() => room.dispatch(listener.id, { type: 'news' }), Refusal);
      const { waiting, held } = room.describe(listener);
      assert.deepEqual({ waiting, held }, { waiting: MOST_WAITING, held: true });
      await pause(100);
      assert.equal(room.describe(listener).waiting, MOST_WAITING);
      channel.removeListener(listener.id);
    });

    test('ticks end when nobody listens, and go on when somebody does', async () => {
      const channel = new SSEChannel();
      const room = new Room(channel, 1000);
      const first = channel.addListener();
      room.enter(first);
      await until(async () => assert.ok(room.stats().broadcasts > 10));
      channel.removeListener(first.id);
      await pause(50);
      const { broadcasts } = room.stats();
      await pause(100);
      assert.equal(room.stats().broadcasts, broadcasts);
      const second = channel.addListener();
      room.enter(second);
      await until(async () => assert.ok(room.describe(second).waiting > 10));
      channel.removeListener(second.id);
    });

    test('a ticker keeps its rate, from its slowest to its fastest', async () => {
      const rates = [10, 50, 300, 1000];
      const counts = rates.map(() => 0);
      const tickers = rates.map((rate, i) => new Ticker(rate, () => void (counts[i] = Number(counts[i]) + 1)));
      const start = performance.now();
      for (const ticker of tickers) ticker.start();
      await pause(1500);
      for (const ticker of tickers) ticker.stop();
      const seconds = (performance.now() - start) / 1000;
      rates.forEach((rate, i) => {
        const measured = Number(counts[i]) / seconds;
        assert.ok(measured > 0.6 * rate && measured < 1.2 * rate, `${measured} at ${rate}`);
      });
    });

    test('an invalid rate is refused', () => {
      for (const rate of [-1, 1001, 0.5, NaN, '5', null]) {
        assert.throws(() => new Ticker(/** @type {any} */ (rate), () => {}), RangeError);
      }
    });
  });
}

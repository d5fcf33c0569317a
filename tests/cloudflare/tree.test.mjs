// ChannelTree: one channel over several objects.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../js/lib/sse-client.mjs';
import { channelOf, numbers, range, startRuntime } from './lib/runtime.mjs';

/** @type {Awaited<ReturnType<typeof startRuntime>>} */
let runtime;
before(async () => void (runtime = await startRuntime()));
after(() => runtime?.stop());

/** A tree of the test's own, and its objects. */
function planted(leaves = 4, kind = 'channel') {
  const of = kind.toUpperCase();
  const tree = channelOf(runtime, 'tree', { of, leaves: String(leaves) });
  const object = (suffix = '') => {
    const at = (what, query = {}) => runtime.at(`/${kind}/${what}`, { channel: `${tree.channel}${suffix}`, ...query });
    return async (method, ...args) => {
      const response = await fetch(at('rpc'), { method: 'POST', body: JSON.stringify({ method, args }) });
      const { value, error } = await response.json();
      if (error) throw new Error(error.message);
      return value;
    };
  };
  return {
    ...tree,
    /** Which leaf has the listeners is the names' affair. */
    object,
    leaf: (number) => object(`\nleaf ${number}`),
    root: object(),
    subscribe: (who, wish = {}) => tree.subscribe({ who, ...wish }),
  };
}

const evict = (object) => object('abort').catch(() => {});
const caughtUp = (tree, count) =>
  until(
    () => tree.call('stats'),
    ({ leaves }) => leaves.every(({ listeners, broadcasts }) => listeners === 0 || broadcasts >= count),
    'leaves',
  );

describe('a tree', () => {
  test('subscribers are spread over the leaves, and get the same events with the same ids', async () => {
    const tree = planted();
    const clients = await Promise.all(range(1, 40).map((number) => tree.subscribe(`user-${number}`)));
    const ids = [await tree.say(1), await tree.say(2)];
    for (const { reader } of clients) {
      const events = await reader.events(2);
      assert.deepEqual(numbers(events), [1, 2]);
      assert.deepEqual(
        events.map(({ lastEventId }) => lastEventId),
        ids,
      );
    }
    const { root, leaves, listeners } = await tree.call('stats');
    assert.deepEqual([root.listeners, listeners], [0, 40]);
    assert.ok(
      leaves.every(({ listeners }) => listeners >= 3),
      JSON.stringify(leaves.map(({ listeners }) => listeners)),
    );
    for (const { leave } of clients) leave();
  });

  test('a client goes on at any leaf, behind the id that it has from another one', async () => {
    const tree = planted();
    const first = await tree.subscribe('one');
    for (const number of range(1, 5)) await tree.say(number);
    const { lastEventId } = (await first.reader.events(5))[1];
    first.leave();
    for (const who of ['two', 'three', 'four', 'five', 'six']) {
      const { reader, leave } = await tree.subscribe(who, { lastEventId });
      assert.deepEqual(numbers(await reader.events(3)), [3, 4, 5]);
      leave();
    }
  });

  test('a leaf that comes late has what the root has kept, however much', async () => {
    const tree = planted(1);
    const id = await tree.say(1);
    for (let from = 2; from <= 1000; from += 111)
      await Promise.all(range(from, Math.min(1000, from + 110)).map((number) => tree.say(number)));
    const { reader, leave } = await tree.subscribe('late', { lastEventId: id });
    assert.equal((await reader.events(999)).length, 999);
    assert.deepEqual(
      numbers(reader.decoder.events).sort((one, other) => one - other),
      range(2, 1000),
    );
    leave();
  });

  test('a leaf that restarts catches up, and so does a root', async () => {
    const tree = planted(1);
    const before = await tree.subscribe('user');
    for (const number of range(1, 3)) await tree.say(number);
    const { lastEventId } = (await before.reader.events(3))[2];
    before.leave();
    await evict(tree.leaf(0));
    await tree.say(4);
    const { reader, leave } = await tree.subscribe('user', { lastEventId });
    assert.deepEqual(numbers(await reader.events(1)), [4]);
    await evict(tree.root);
    await tree.say(5);
    assert.deepEqual(numbers(await reader.events(2)), [4, 5]);
    leave();
  });

  test('a leaf that could not be reached is tried again, also by a root that ends meanwhile', {
    timeout: 20_000,
  }, async () => {
    const tree = planted(1);
    const { reader, leave } = await tree.subscribe('user');
    await tree.say(1);
    await reader.events(1);
    await tree.leaf(0)('fail', 2);
    await tree.say(2);
    await evict(tree.root);
    const start = performance.now();
    while (reader.decoder.events.length < 2) await reader.read();
    assert.deepEqual(numbers(reader.decoder.events), [1, 2]);
    assert.ok(performance.now() - start > 500, 'by the alarm');
    leave();
  });

  test('a leaf that cannot be reached is tried less and less often', { timeout: 60_000 }, async () => {
    const tree = planted(1);
    const { leave } = await tree.subscribe('user');
    await tree.leaf(0)('fail', 1000);
    await tree.say(1);
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    const deliveries = await tree.leaf(0)('deliveries');
    assert.ok(deliveries > 1 && deliveries < 6, `${deliveries} in 12 seconds`);
    leave();
  });

  test('a root whose leaves can be reached is not woken for each broadcast', async () => {
    const tree = planted(1);
    const { reader, leave } = await tree.subscribe('user');
    for (const number of range(1, 3)) await tree.say(number);
    await reader.events(3);
    const { alarm } = await tree.root('stored');
    assert.ok(alarm > Date.now() + 5000, `in ${alarm - Date.now()} ms`);
    leave();
  });

  test('a client that has had more elsewhere than its leaf has goes on behind that', async () => {
    const tree = planted(1);
    const first = await tree.subscribe('user');
    await tree.say(1);
    await first.reader.events(1);
    await tree.leaf(0)('fail', 1000);
    await tree.say(2);
    const lastEventId = await tree.say(3);
    for (const how of ['subscribe', 'relay']) {
      const { reader, leave } = await tree.subscribe(how, { how, lastEventId });
      await tree.leaf(0)('fail', 0);
      const end = await tree.say(how);
      const events = await reader.events(1);
      assert.deepEqual(
        events.slice(-1).map(({ data, lastEventId }) => [data, lastEventId]),
        [[how, end]],
      );
      assert.ok(!/gap/.test(reader.text), reader.text);
      leave();
    }
    first.leave();
  });

  test('a leaf goes back with a root that was set back, and its clients receive a gap', async () => {
    const tree = planted(1);
    const { reader } = await tree.subscribe('user');
    for (const number of range(1, 5)) await tree.say(number);
    const { lastEventId } = (await reader.events(5))[4];
    await tree.root('lose', 2).catch(() => {});
    await until(
      () => tree.root('lives').catch(() => 1),
      (lives) => lives === 2,
      'the root',
    );
    await tree.say('another');
    await reader.rest();
    const again = await tree.subscribe('user', { lastEventId });
    const [gap, ...events] = await again.reader.events(5);
    assert.deepEqual(
      [JSON.parse(gap.data).reason, ...events.map(({ data }) => data)],
      ['unknown', '1', '2', '3', 'another'],
    );
    again.leave();
  });

  test('messages that are not for many reach a leaf that comes late', { timeout: 60_000 }, async () => {
    const tree = planted(1, 'wide');
    const id = await tree.say(1);
    const except = ['x'.repeat(1_000_000)];
    for (const number of range(2, 41)) await tree.call('broadcast', { type: 'n', payload: number }, { except });
    const { reader, leave } = await tree.subscribe('late', { lastEventId: id });
    assert.deepEqual(numbers(await reader.events(40)), range(2, 41));
    leave();
  });

  test("a channel of the user's own has no leaf's name", async () => {
    const tree = planted(1);
    const own = tree.object('/leaf-0');
    await own('broadcast', { type: 'n', payload: 'own' });
    const { reader, leave } = await tree.subscribe('user');
    await tree.say(1);
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    assert.equal((await own('stats')).broadcasts, 1);
    leave();
  });

  test('a leaf that lacks messages that its root no longer has begins anew, and its clients receive a gap', {
    timeout: 60_000,
  }, async () => {
    const tree = planted(1);
    const { reader } = await tree.subscribe('user');
    await tree.say(1);
    await reader.events(1);
    const away = { epoch: 'another', after: 10, whole: true, messages: [] };
    await tree.leaf(0)('deliver', away);
    await reader.rest();
    assert.match(reader.text, /-1\ndata: 1\n\nretry: \d+\n\n$/, 'the clients reconnect');
    // The root's epoch again, as of its next broadcast.
    await tree.say(2);
    const again = await tree.subscribe('user', { lastEventId: 'another-10' });
    const [gap, one, two] = await again.reader.events(3);
    assert.deepEqual([JSON.parse(gap.data).reason, one.data, two.data], ['epoch', '1', '2']);
    again.leave();
  });

  test('dispatch, addListener and removeListener find the leaf by the name', async () => {
    const tree = planted();
    const { id, lastEventId } = await tree.call('addListener', { id: 'someone' });
    await tree.call('dispatch', id, { type: 'n', payload: 1 });
    const { reader, leave } = await tree.subscribe('someone', {
      how: 'relay',
      options: { listener: 'someone', resumeSeconds: 60 },
      lastEventId,
    });
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    await tree.call('removeListener', id);
    await reader.rest();
    leave();
  });

  test('a leaf that fails while it learns its root is asked again', async () => {
    const tree = planted(1);
    await tree.leaf(0)('breakOnce');
    const { id } = await tree.call('addListener', { id: 'someone' });
    assert.equal(await tree.leaf(0)('lives'), 2);
    await tree.call('removeListener', id);
  });

  test('a broadcast at a leaf is refused', async () => {
    const tree = planted(1);
    (await tree.subscribe('user')).leave();
    await assert.rejects(
      tree.leaf(0)('broadcast', { type: 'n', payload: 1 }),
      /this object is a leaf: broadcast on its root/,
    );
  });

  test('an object with a channel of its own does not become a leaf', async () => {
    const tree = planted(1);
    await tree.leaf(0)('broadcast', { type: 'n', payload: 1 });
    assert.equal((await fetch(tree.at('subscribe', { leaves: '1' }))).status, 500);
  });

  test('close reaches the clients of all leaves behind what was sent, and those that come later', async () => {
    const tree = planted();
    const clients = await Promise.all(range(1, 8).map((number) => tree.subscribe(`user-${number}`)));
    await tree.say(1);
    await tree.call('close');
    for (const { reader } of clients) {
      await reader.rest();
      assert.deepEqual(
        reader.decoder.events.map(({ type }) => type),
        ['n', '_eric_channel_closed'],
      );
    }
    assert.equal((await fetch(tree.at('subscribe', { who: 'user-1', leaves: '4' }))).status, 204);
    assert.equal((await fetch(tree.at('subscribe', { who: 'late', leaves: '40' }))).status, 204);
  });

  test('close hands on first what a leaf of an unknown state lacks', async () => {
    const tree = planted(1);
    const { reader } = await tree.subscribe('user');
    await tree.leaf(0)('fail', 1);
    await tree.say(1);
    await evict(tree.root);
    await tree.call('close');
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
    assert.deepEqual(await tree.root('rows'), []);
  });

  test('a leaf that cannot be reached when its tree is closed gets the rest later, also from a root that ends meanwhile', {
    timeout: 30_000,
  }, async () => {
    const tree = planted(1);
    const { reader } = await tree.subscribe('user');
    await tree.leaf(0)('fail', 2);
    await tree.say(1);
    await tree.call('close');
    await evict(tree.root);
    while (!reader.ended) await reader.read();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
    await until(
      () => tree.root('rows'),
      (rows) => rows.length === 0,
      'rows',
    );
  });

  test('a leaf that was forgotten after it was closed joins its root again', { timeout: 30_000 }, async () => {
    const tree = planted(1, 'brief');
    const { reader } = await tree.subscribe('user');
    await tree.call('close');
    await reader.rest();
    // The history's one second, and the alarm's time.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const again = await tree.subscribe('user');
    await tree.say(1);
    assert.deepEqual(numbers(await again.reader.events(1)), [1]);
    again.leave();
  });

  test('a tree whose closing is forgotten is as new at each leaf, whenever that was closed', {
    timeout: 30_000,
  }, async () => {
    const tree = planted(1, 'brief');
    const first = await tree.subscribe('user');
    await tree.say(1);
    await tree.call('close');
    await first.reader.rest();
    // As one that has joined late, and was closed late.
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal((await fetch(tree.at('subscribe', { who: 'late', leaves: '9' }))).status, 204);
    await until(
      () => tree.say(2).catch(() => undefined),
      (id) => id !== undefined,
      'the root',
    );
    for (const [who, leaves] of [
      ['late', '9'],
      ['user', '1'],
    ]) {
      const { response, reader, leave } = await tree.subscribe(who, { leaves });
      assert.equal(response.status, 200);
      await tree.say(who);
      assert.equal((await reader.events(1))[0].data, who);
      leave();
    }
  });

  test('drain reaches the clients of all leaves', async () => {
    const tree = planted();
    const clients = await Promise.all(range(1, 8).map((number) => tree.subscribe(`user-${number}`)));
    await tree.call('drain', { seconds: 0.1 });
    for (const { reader } of clients) await reader.rest();
  });
});

describe('a leaf to which nobody has come for half a minute', { concurrency: true }, () => {
  /** Each write to the client is a chance to notice that it has left. */
  const idle = async (tree) => {
    await until(
      async () => (await tree.say('x'), tree.call('stats')),
      ({ listeners }) => listeners === 0,
      'listeners',
    );
    await new Promise((resolve) => setTimeout(resolve, 31_000));
  };

  test('is forgotten by its root, and has everything when somebody comes', { timeout: 90_000 }, async () => {
    const tree = planted(1);
    const { reader, leave } = await tree.subscribe('user');
    await tree.say(1);
    const [{ lastEventId }] = await reader.events(1);
    leave();
    await idle(tree);
    const { broadcasts } = await tree.leaf(0)('stats');
    await tree.say('unheard');
    await tree.say('unheard');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await tree.leaf(0)('stats')).broadcasts, broadcasts, 'the root has stopped sending');
    const again = await tree.subscribe('user', { lastEventId });
    const { root } = await tree.call('stats');
    assert.equal((await again.reader.events(root.broadcasts - 1)).at(-1).data, 'unheard');
    again.leave();
  });

  test('is known to its root again when somebody comes while it is being forgotten', { timeout: 90_000 }, async () => {
    const tree = planted(1);
    const { reader, leave } = await tree.subscribe('user');
    await tree.say(1);
    await reader.events(1);
    leave();
    await idle(tree);
    await tree.leaf(0)('hold', 1000);
    await tree.say('unheard');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = await tree.subscribe('user');
    await again.reader.chunk();
    // By now the root has been told that nobody was there.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await tree.say('heard');
    assert.deepEqual(
      (await again.reader.events(1)).map(({ data }) => data),
      ['heard'],
    );
    again.leave();
  });
});

for (const how of ['subscribe', 'relay']) {
  test(`1 root and 4 leaves, 400 subscribers by ${how}: order kept, a leaf restarted in the middle, nothing lost`, {
    timeout: 240_000,
  }, async (context) => {
    const [CLIENTS, MESSAGES] = [400, 200];
    const tree = planted(4);
    const names = range(1, CLIENTS).map((number) => `user-${number}`);
    const clients = await Promise.all(names.map((who) => tree.subscribe(who, { how })));
    const say = (from, to) => Promise.all(range(from, to).map((number) => tree.say(number)));
    /** Reads on, and reconnects where its connection has ended, as an EventSource does. */
    const all = clients.map(async ({ reader, leave }, index) => {
      const events = [];
      let comings = 1;
      for (;;) {
        try {
          while (events.length + reader.decoder.events.length < MESSAGES && !reader.ended) await reader.read();
        } catch {
          // Its connection was lost.
        }
        events.push(...reader.decoder.events);
        if (events.length >= MESSAGES) break;
        comings++;
        ({ reader, leave } = await tree.subscribe(names[index], {
          how,
          lastEventId: events.at(-1)?.lastEventId ?? startOf.id,
        }));
      }
      leave();
      return { events, comings };
    });
    const startOf = { id: undefined };
    const start = performance.now();
    for (const number of range(1, 50)) startOf.id = (await tree.say(number)).replace(/-\d+$/, '-0');
    await Promise.all([say(51, 150), evict(tree.leaf(2))]);
    await say(151, MESSAGES);
    const results = await Promise.all(all);
    const seconds = (performance.now() - start) / 1000;
    for (const { events } of results) {
      const ids = events.map(({ lastEventId }) => Number(lastEventId.split('-')[1]));
      assert.deepEqual(ids, range(1, MESSAGES), 'in order, each once');
      assert.deepEqual(
        numbers(events).sort((one, other) => one - other),
        range(1, MESSAGES),
      );
    }
    assert.equal(await tree.leaf(2)('lives'), 2);
    const back = results.filter(({ comings }) => comings > 1).length;
    context.diagnostic(`${CLIENTS * MESSAGES} events in ${seconds.toFixed(1)} s; ${back} clients came back`);
    if (how === 'subscribe') assert.ok(back > 50, `${back} clients had their connection end`);
    await caughtUp(tree, MESSAGES);
  });
}

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
function planted(leaves = 4) {
  const tree = channelOf(runtime, 'tree');
  const object = (suffix = '') => {
    const at = (what, query = {}) => runtime.at(`/channel/${what}`, { channel: `${tree.channel}${suffix}`, ...query });
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
    leaf: (number) => object(`/leaf-${number}`),
    root: object(),
    subscribe: (who, wish = {}) => tree.subscribe({ who, leaves: String(leaves), ...wish }),
  };
}

const evict = (object) => object('abort').catch(() => {});
const caughtUp = (tree, count) => until(() => tree.call('stats'), ({ leaves }) => leaves.every(({ listeners, broadcasts }) => listeners === 0 || broadcasts >= count), 'leaves');

describe('a tree', () => {
  test('subscribers are spread over the leaves, and get the same events with the same ids', async () => {
    const tree = planted();
    const clients = await Promise.all(range(1, 40).map((number) => tree.subscribe(`user-${number}`)));
    const ids = [await tree.say(1), await tree.say(2)];
    for (const { reader } of clients) {
      const events = await reader.events(2);
      assert.deepEqual(numbers(events), [1, 2]);
      assert.deepEqual(events.map(({ lastEventId }) => lastEventId), ids);
    }
    const { root, leaves, listeners } = await tree.call('stats');
    assert.deepEqual([root.listeners, listeners], [0, 40]);
    assert.ok(leaves.every(({ listeners }) => listeners >= 3), JSON.stringify(leaves.map(({ listeners }) => listeners)));
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
    for (let from = 2; from <= 1000; from += 111) await Promise.all(range(from, Math.min(1000, from + 110)).map((number) => tree.say(number)));
    const { reader, leave } = await tree.subscribe('late', { lastEventId: id });
    assert.equal((await reader.events(999)).length, 999);
    assert.deepEqual(numbers(reader.decoder.events).sort((one, other) => one - other), range(2, 1000));
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

  test('a leaf that could not be reached is tried again, also by a root that ends meanwhile', { timeout: 20_000 }, async () => {
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

  test('a leaf that lacks what its root has no more begins anew, and its clients are told', { timeout: 60_000 }, async () => {
    const tree = planted(1);
    const { reader } = await tree.subscribe('user');
    await tree.say(1);
    await reader.events(1);
    const away = { epoch: 'another', after: 10, whole: true, messages: [] };
    await tree.leaf(0)('deliver', away);
    await reader.rest();
    assert.match(reader.text, /retry: \d+\nid: \S+-1\n\n$/, 'the clients come back');
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
    const { reader, leave } = await tree.subscribe('someone', { how: 'relay', options: { listener: 'someone', resumeSeconds: 60 }, lastEventId });
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    await tree.call('removeListener', id);
    await reader.rest();
    leave();
  });

  test('what is broadcast at a leaf is refused', async () => {
    const tree = planted(1);
    (await tree.subscribe('user')).leave();
    await assert.rejects(tree.leaf(0)('broadcast', { type: 'n', payload: 1 }), /a leaf passes on what its root broadcasts/);
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
      assert.deepEqual(reader.decoder.events.map(({ type }) => type), ['n', '_eric_channel_closed']);
    }
    assert.equal((await fetch(tree.at('subscribe', { who: 'user-1', leaves: '4' }))).status, 204);
    assert.equal((await fetch(tree.at('subscribe', { who: 'late', leaves: '40' }))).status, 204);
  });

  test('drain reaches the clients of all leaves', async () => {
    const tree = planted();
    const clients = await Promise.all(range(1, 8).map((number) => tree.subscribe(`user-${number}`)));
    await tree.call('drain', { seconds: 0.1 });
    for (const { reader } of clients) await reader.rest();
  });

  test('a leaf to which nobody comes is forgotten by its root, and has everything when somebody does', { timeout: 90_000 }, async () => {
    const tree = planted(1);
    const { reader, leave } = await tree.subscribe('user');
    await tree.say(1);
    const [{ lastEventId }] = await reader.events(1);
    leave();
    await until(async () => (await tree.say('x'), tree.call('stats')), ({ listeners }) => listeners === 0, 'listeners');
    await new Promise((resolve) => setTimeout(resolve, 31_000));
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
});

for (const how of ['subscribe', 'relay']) {
  test(`1 root and 4 leaves, 400 subscribers by ${how}: order kept, a leaf restarted in the middle, nothing lost`, { timeout: 240_000 }, async (context) => {
    const [CLIENTS, MESSAGES] = [400, 200];
    const tree = planted(4);
    const names = range(1, CLIENTS).map((number) => `user-${number}`);
    const clients = await Promise.all(names.map((who) => tree.subscribe(who, { how })));
    const say = (from, to) => Promise.all(range(from, to).map((number) => tree.say(number)));
    /** Reads on, and comes back where its connection has ended, as an EventSource does. */
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
        ({ reader, leave } = await tree.subscribe(names[index], { how, lastEventId: events.at(-1)?.lastEventId ?? startOf.id }));
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
      assert.deepEqual(numbers(events).sort((one, other) => one - other), range(1, MESSAGES));
    }
    assert.equal(await tree.leaf(2)('lives'), 2);
    const back = results.filter(({ comings }) => comings > 1).length;
    context.diagnostic(`${CLIENTS * MESSAGES} events in ${seconds.toFixed(1)} s; ${back} clients came back`);
    if (how === 'subscribe') assert.ok(back > 50, `${back} clients had their connection end`);
    await caughtUp(tree, MESSAGES);
  });
}

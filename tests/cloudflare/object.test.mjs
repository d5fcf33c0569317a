// ChannelObject: a channel in a Durable Object, over HTTP: two subscribers and a publisher; what an
// eviction leaves; bounds and alarms.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { until } from '../js/lib/sse-client.mjs';
import { channelOf, numbers, range, startRuntime } from './lib/runtime.mjs';

/** @type {Awaited<ReturnType<typeof startRuntime>>} */
let runtime;
before(async () => void (runtime = await startRuntime()));
after(() => runtime?.stop());

const channel = (kind) => channelOf(runtime, kind);

/** Ends an object without a warning. */
const evict = (of) => of.call('abort').catch(() => {});

describe('subscribing', () => {
  test('a publisher reaches two subscribers, in order', async () => {
    const here = channel();
    const [one, two] = [await here.subscribe(), await here.subscribe()];
    assert.equal(one.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.match(await one.reader.chunk(), /^retry: 500\nevent: _eric_position\nid: [0-9a-f]{12}-0\ndata:\n\n$/);
    const ids = [await here.say(1), await here.say('two'), await here.say({ three: 3 })];
    for (const { reader, leave } of [one, two]) {
      const events = await reader.events(3);
      assert.deepEqual(
        events.map(({ type, data }) => [type, data]),
        [
          ['n', '1'],
          ['n', 'two'],
          ['n', '{"three":3}'],
        ],
      );
      assert.deepEqual(
        events.map(({ lastEventId }) => lastEventId),
        ids,
      );
      leave();
    }
  });

  test('broadcasts that are called at once are sent in the order of the calls', async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe();
    assert.match(await here.flood(1, 200), /-200$/);
    assert.deepEqual(numbers(await reader.events(200)), range(1, 200));
    leave();
  });

  test('more broadcasts at once than its queue has room for reach a client that reads', {
    timeout: 60_000,
  }, async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe();
    await here.flood(1, 3000);
    assert.deepEqual(numbers(await reader.events(3000)), range(1, 3000));
    assert.deepEqual((await here.call('stats')).ended, {});
    leave();
  });

  test('a dispatch reaches the listener that it is for, behind what was broadcast before', async () => {
    const here = channel();
    const clients = await Promise.all(['a', 'b'].map((listener) => here.subscribe({ options: { listener } })));
    await here.say(1);
    await here.call('dispatch', 'b', { type: 'n', payload: 2 });
    await here.say(3, { except: 'a' });
    await here.say(4);
    assert.deepEqual(numbers(await clients[0].reader.events(2)), [1, 4]);
    assert.deepEqual(numbers(await clients[1].reader.events(4)), [1, 2, 3, 4]);
    for (const { leave } of clients) leave();
  });

  test('messages sent to an added listener wait for its client', async () => {
    const here = channel();
    const added = await here.call('addListener', { id: 'late' });
    assert.equal(added.id, 'late');
    await here.call('dispatch', 'late', { type: 'n', payload: 1 });
    await here.say(2);
    const { reader, leave } = await here.subscribe({
      options: { listener: 'late', resumeSeconds: 60 },
      lastEventId: added.lastEventId,
    });
    assert.deepEqual(numbers(await reader.events(2)), [1, 2]);
    leave();
    await here.call('removeListener', 'late');
    await assert.rejects(here.call('dispatch', 'late', { type: 'n' }), /no listener of the channel has the id/);
  });

  test('a client with the id of a listener that is not resumable is answered with 409', async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe({ options: { listener: 'a' } });
    await reader.chunk();
    const { response } = await here.subscribe({ options: { listener: 'a' } });
    assert.equal(response.status, 409);
    leave();
  });

  test('a method that opens no stream is answered with 405', async () => {
    const response = await fetch(channel().at('subscribe'), { method: 'POST', body: 'x' });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD, OPTIONS');
  });

  test('a payload that JSON cannot carry is refused, and takes no number', async () => {
    const here = channel();
    await assert.rejects(here.call('broadcast', { type: 'a\nb' }), /event type/);
    assert.match(await here.say(1), /-1$/);
  });

  test('a message that is too long for a row is refused, and takes no number', async () => {
    const here = channel();
    await assert.rejects(here.say('x'.repeat(3_000_000)), /too big/i);
    assert.match(await here.say(1), /-1$/);
  });

  test('a queue that refuses cannot be had, since what was stored has been accepted', async () => {
    const here = channel();
    await assert.rejects(here.call('addListener', { queue: { overflow: 'refuse' } }), /must not be 'refuse'/);
  });

  test('a WebSocket that relay has not asked for is refused', async () => {
    const here = channel();
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const status = await new Promise((resolve, reject) => {
      const request = http.request(here.at('subscribe'), { headers }, (response) =>
        resolve(response.resume().statusCode),
      );
      request
        .on('upgrade', (response, socket) => resolve(socket.destroy() && response.statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 400);
    assert.equal((await here.call('stats')).listeners, 0);
  });

  test('an object without options is a channel', async () => {
    const here = channel('plain');
    const { reader, leave } = await here.subscribe();
    await here.say(1);
    assert.deepEqual(numbers(await reader.events(1)), [1]);
    leave();
  });
});

describe('eviction', () => {
  test('accepted messages are replayed by the next life, whose numbers go on', async () => {
    const here = channel();
    const { reader, leave } = await here.subscribe();
    await here.flood(1, 10);
    const id = (await reader.events(10))[4].lastEventId;
    leave();
    await evict(here);
    assert.equal(await here.call('lives'), 2);
    const again = await here.subscribe({ lastEventId: id });
    const after = await here.say(11);
    const events = await again.reader.events(6);
    assert.deepEqual(numbers(events), range(6, 11));
    assert.equal(events.at(-1).lastEventId, after);
    assert.equal(after, id.replace(/-5$/, '-11'));
    assert.equal((await here.call('stats')).broadcasts, 11);
    again.leave();
  });

  /** Returns the ids of all events that a client receives after reconnecting with an id. */
  async function idsBehind(here, id) {
    const { reader, leave } = await here.subscribe({ lastEventId: id });
    const end = await here.say('end');
    while (reader.decoder.events.at(-1)?.lastEventId !== end) await reader.events(reader.decoder.events.length + 1);
    leave();
    return reader.decoder.events.map(({ lastEventId }) => lastEventId);
  }

  test('a broadcast is stored when it resolves, and before a client has it, at whatever moment the object ends', {
    timeout: 60_000,
  }, async (context) => {
    let [resolved, live] = [0, 0];
    for (let round = 0; round < 20; round++) {
      const here = channel();
      const id = await here.say(1);
      const witness = await here.subscribe({ lastEventId: id });
      const reading = (async () => {
        while (await witness.reader.read().catch(() => undefined));
      })();
      const sent = Promise.allSettled(range(2, 50).map((number) => here.say(number)));
      await new Promise((resolve) => setTimeout(resolve, round));
      await evict(here);
      const accepted = (await sent).flatMap(({ value }) => value ?? []);
      // Some of them the next life has accepted.
      witness.leave();
      await reading;
      const seen = witness.reader.decoder.events.map(({ lastEventId }) => lastEventId);
      const had = await idsBehind(here, id);
      assert.deepEqual(
        [...accepted, ...seen].filter((each) => !had.includes(each)),
        [],
      );
      assert.equal(new Set(had).size, had.length);
      resolved += accepted.length;
      live += seen.length;
    }
    context.diagnostic(`${resolved} of ${20 * 49} were accepted, ${live} read before the object ended`);
    assert.ok(resolved > 0 && live > 0, `${resolved} accepted, ${live} read`);
  });

  test('a broadcast resolves, and is handed on, when the storage says that it is durable', async () => {
    const here = channel('slow');
    const { reader, leave } = await here.subscribe();
    await reader.chunk();
    const start = performance.now();
    const since = () => performance.now() - start;
    const [resolved, read] = await Promise.all([here.say(1).then(since), reader.events(1).then(since)]);
    assert.ok(resolved > 450 && read > 450, `${resolved} and ${read} ms`);
    leave();
  });

  // The runtime on one machine commits before anything leaves the process: that the object waits
  // for it is seen by the test above.
  test('resolved broadcasts, and messages that a client has read, survive when the runtime is killed at that moment', {
    timeout: 60_000,
  }, async (context) => {
    let [resolved, read] = [0, 0];
    for (let round = 0; round < 6; round++) {
      const here = channel();
      const id = await here.say(1);
      const witness = await here.subscribe({ lastEventId: id });
      const accepted = [];
      const sent = range(2, 40).map((number) =>
        here.say({ number, padding: 'x'.repeat(round * 20_000) }).then((id) => accepted.push(id)),
      );
      if (round % 2 === 0) await Promise.any(sent);
      else await witness.reader.events(1);
      runtime.kill();
      await Promise.allSettled(sent);
      while (await witness.reader.read().catch(() => undefined));
      await runtime.restart();
      const seen = witness.reader.decoder.events.map(({ lastEventId }) => lastEventId);
      const had = await idsBehind(here, id);
      assert.deepEqual(
        [...accepted, ...seen].filter((each) => !had.includes(each)),
        [],
      );
      resolved += accepted.length;
      read += seen.length;
    }
    context.diagnostic(`${resolved} of ${6 * 39} had resolved, ${read} were read`);
    assert.ok(resolved > 0 && read > 0, `${resolved} resolved, ${read} read`);
  });

  test('an object that aborts itself while it sends takes nothing from the others of its isolate', {
    timeout: 60_000,
  }, async () => {
    for (const method of ['abortBehindSend', 'abortInFilter']) {
      const [here, other] = [channel(), channel()];
      const clients = [
        await here.subscribe(),
        await here.subscribe({ how: 'relay', relay: { heartbeatSeconds: 0.5 } }),
      ];
      for (const { reader } of clients) await reader.chunk();
      await other.call(method).catch(() => {});
      // The relay's heartbeats are no more than they should be: nothing goes by a clock that has
      // stopped.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await here.say(1);
      for (const { reader } of clients) assert.deepEqual(numbers(await reader.events(1)), [1], method);
      const comments = clients[1].reader.text.match(/^:$/gm)?.length ?? 0;
      assert.ok(comments >= 3 && comments <= 6, `${comments} heartbeats behind ${method}`);
      for (const { leave } of clients) leave();
    }
  });

  test('a restart of the runtime leaves what was stored', async () => {
    const here = channel();
    const id = await here.say(1);
    await here.say({ deep: ['x', null, 'ü\n'] });
    await here.call('broadcast', { type: 'empty' });
    await here.say('not for a', { except: ['a', 'b'] });
    await here.say('["text"]');
    await runtime.restart();
    const all = await here.subscribe({ lastEventId: id });
    const events = await all.reader.events(4);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['n', '{"deep":["x",null,"ü\\n"]}'],
        ['empty', ''],
        ['n', 'not for a'],
        ['n', '["text"]'],
      ],
    );
    const filtered = await here.subscribe({ lastEventId: id, options: { listener: 'a', events: ['n'] } });
    assert.deepEqual(
      (await filtered.reader.events(2)).map(({ data }) => data),
      ['{"deep":["x",null,"ü\\n"]}', '["text"]'],
    );
    for (const { leave } of [all, filtered]) leave();
  });

  test('a resumable listener receives a gap for its forgotten dispatches, and goes on', async () => {
    const here = channel();
    const options = { listener: 'a', resumeSeconds: 60 };
    const { reader, leave } = await here.subscribe({ options });
    await here.say(1);
    await here.call('dispatch', 'a', { type: 'n', payload: 2 });
    const id = (await reader.events(2))[1].lastEventId;
    leave();
    await here.call('dispatch', 'a', { type: 'n', payload: 'lost' });
    await evict(here);
    await here.say(3);
    const again = await here.subscribe({ options, lastEventId: id });
    // The gap follows the replayed messages: before its end something may be missing.
    const [three, gap] = await again.reader.events(2);
    assert.equal(gap.type, '_eric_gap');
    const { reason, from } = JSON.parse(gap.data);
    assert.deepEqual([reason, from], ['forgotten', id]);
    assert.equal(three.data, '3');
    again.leave();
  });

  test('half a surrogate pair is replayed as it was sent', async () => {
    const here = channel();
    const [live, { reader, leave }] = [await here.subscribe(), await here.subscribe()];
    const first = /^id: (.*)$/m.exec(await reader.chunk())[1];
    leave();
    await here.say('\ud800x');
    await here.say('x\udc00');
    const sent = await live.reader.events(2);
    await evict(here);
    const again = await here.subscribe({ lastEventId: first });
    assert.deepEqual(await again.reader.events(2), sent);
    for (const client of [live, again]) client.leave();
  });

  test('an id that the object has never issued leads to a gap, also in its next life', async () => {
    const here = channel();
    const id = await here.say(1);
    await evict(here);
    const { reader, leave } = await here.subscribe({ lastEventId: id.replace(/-1$/, '-2') });
    const [gap, one] = await reader.events(2);
    assert.equal(JSON.parse(gap.data).reason, 'unknown');
    assert.equal(one.data, '1');
    leave();
  });
});

describe('the history', () => {
  test('is bounded in messages and bytes, in the storage too', async () => {
    const here = channel('brief');
    const first = await here.say(1);
    await here.flood(2, 20);
    assert.deepEqual(numbers(await here.call('rows')), range(16, 20));
    await here.say('x'.repeat(900));
    await here.say('y'.repeat(900));
    assert.deepEqual(
      (await here.call('rows')).map(({ sequence }) => sequence),
      [22],
    );
    await evict(here);
    const { reader, leave } = await here.subscribe({ lastEventId: first });
    const [gap, message] = await reader.events(2);
    assert.deepEqual(JSON.parse(gap.data), {
      reason: 'expired',
      missed: 20,
      from: first,
      to: first.replace(/-1$/, '-21'),
    });
    assert.equal(message.data, 'y'.repeat(900));
    leave();
  });

  test('counts the ids of those that a message is not for, in the storage and beyond', async () => {
    const here = channel('brief');
    const first = await here.say(1);
    await here.say(2);
    await here.say(3, { except: ['a'.repeat(800), 'b'.repeat(800)] });
    for (let life = 1; life <= 2; life++) {
      assert.deepEqual(numbers(await here.call('rows')), [3]);
      const { messages, bytes } = (await here.call('stats')).history;
      assert.deepEqual([messages, bytes > 1600], [1, true], `${bytes} bytes`);
      await evict(here);
    }
    const { reader, leave } = await here.subscribe({ lastEventId: first });
    assert.equal(JSON.parse((await reader.events(2))[0].data).missed, 1);
    leave();
  });

  test('is expired by an alarm, and the numbers go on all the same', async () => {
    const here = channel('brief');
    await here.flood(1, 3);
    const { alarm } = await here.call('stored');
    assert.ok(alarm > Date.now() && alarm < Date.now() + 2000, `${alarm - Date.now()} ms`);
    const { rows } = await until(
      () => here.call('stored'),
      ({ rows }) => rows.length === 1 && rows[0].data === null,
      'rows',
    );
    assert.deepEqual(rows, [{ sequence: 3, type: '', data: null }], 'nothing but how many there have been');
    await evict(here);
    assert.match(await here.say(4), /-4$/);
    assert.deepEqual(
      (await here.call('rows')).map(({ sequence }) => sequence),
      [3, 4],
    );
  });
});

describe('ending', () => {
  test('close ends the clients, and reconnecting clients stay away, also after an eviction', async () => {
    const here = channel();
    const { reader } = await here.subscribe();
    await here.say(1);
    await here.call('close');
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
    await assert.rejects(here.say(2), /closed/);
    for (let life = 1; life <= 2; life++) {
      assert.equal((await fetch(here.at('subscribe'))).status, 204);
      await evict(here);
    }
    assert.deepEqual(await here.call('rows'), []);
  });

  test('a closed channel is forgotten some time later, and the object is as new', async () => {
    const here = channel('brief');
    const id = await here.say(1);
    await here.call('close');
    await assert.rejects(here.say(2), /closed/);
    const again = await until(
      () => here.say(1).catch(() => undefined),
      (answer) => answer !== undefined,
      'the object',
    );
    assert.match(again, /-1$/);
    assert.notEqual(again, id, 'another epoch');
  });

  test('drain sends the clients elsewhere', async () => {
    const here = channel();
    const { reader } = await here.subscribe();
    await here.say(1);
    await here.call('drain', { seconds: 0.1, retryMilliseconds: 2000 });
    await reader.rest();
    assert.deepEqual(numbers(reader.decoder.events), [1]);
    assert.deepEqual((await here.call('stats')).ended, { drained: 1 });
  });
});

test('200 subscribers get 1,000 messages each, in order, with an eviction in between; vanished subscribers are removed within two heartbeats', {
  timeout: 240_000,
}, async (context) => {
  const [CLIENTS, MESSAGES, SECONDS] = [200, 1000, 1];
  const here = channel();
  const options = { heartbeatSeconds: SECONDS };
  let clients = await Promise.all(range(1, CLIENTS).map(() => here.subscribe({ options })));
  const start = performance.now();
  await here.flood(1, MESSAGES / 2);
  const half = await Promise.all(clients.map(({ reader }) => reader.events(MESSAGES / 2)));
  for (const { leave } of clients) leave();
  await evict(here);
  // Sent while nobody is connected.
  await here.flood(MESSAGES / 2 + 1, MESSAGES - 100);
  clients = await Promise.all(
    half.map((events) => here.subscribe({ options, lastEventId: events.at(-1).lastEventId })),
  );
  await here.flood(MESSAGES - 99, MESSAGES);
  const rest = await Promise.all(clients.map(({ reader }) => reader.events(MESSAGES / 2)));
  const seconds = (performance.now() - start) / 1000;
  for (const [client, events] of half.entries())
    assert.deepEqual(numbers([...events, ...rest[client]]), range(1, MESSAGES));
  context.diagnostic(`${CLIENTS * MESSAGES} events in ${seconds.toFixed(1)} s`);

  const { listeners, lives } = { ...(await here.call('stats')), lives: await here.call('lives') };
  assert.deepEqual([listeners, lives], [CLIENTS, 2]);
  const [vanishing, staying] = [clients.slice(0, 50), clients.slice(50)];
  for (const { leave } of vanishing) leave();
  const left = performance.now();
  const stats = await until(
    () => here.call('stats'),
    ({ listeners }) => listeners === staying.length,
    'listeners',
  );
  const heartbeats = (performance.now() - left) / 1000 / SECONDS;
  context.diagnostic(
    `${vanishing.length} vanished clients removed after ${heartbeats.toFixed(2)} heartbeats; ended ${JSON.stringify(stats.ended)}`,
  );
  assert.ok(heartbeats <= 2.2, `${heartbeats} heartbeats`);
  assert.equal(
    Object.values(stats.ended).reduce((sum, count) => sum + count),
    vanishing.length,
  );
  for (const { leave } of staying) leave();
});

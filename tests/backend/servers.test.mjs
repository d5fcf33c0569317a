// Servers that share a file: killed, restarted, several at once, over real HTTP.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '../js/lib/sse-client.mjs';
import { range, shown } from './lib/clients.mjs';
import { makePlace, RUNTIMES } from './lib/servers.mjs';

const CLIENTS = 100;

let place;
before(() => void (place = makePlace()));
after(() => place.end());

/** Reads until the connection breaks. */
const untilCut = async ({ reader }) => {
  try {
    while ((await reader.read()) !== undefined);
  } catch {
    // As it should.
  }
};
const texts = ({ reader }, count) => reader.events(count).then((events) => shown(events.slice(0, count)));
const idOf = ({ reader }) => reader.decoder.lastEventId;

for (const runtime of Object.keys(RUNTIMES))
  describe(`servers of ${runtime}`, { timeout: 120_000 }, () => {
    const file = (name) => place.file(`${runtime.replace(' ', '')}-${name}.db`);

    test(`a server is killed, and ${CLIENTS} clients continue without a gap at the next one`, async () => {
      const first = await place.serve(runtime, file('killed'));
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => first.subscribe()));
      const cut = clients.map((client) => client.reader.events(20).then(() => untilCut(client)));
      await first.say(range(1, 20));
      // What was answered is stored. What follows may be or not.
      const sending = (async () => {
        for (let from = 21; ; from += 5) await first.say(range(from, from + 4));
      })().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      await first.kill();
      await Promise.all([...cut, sending]);

      const next = await place.serve(runtime, file('killed'), { port: first.port });
      const newest = Number((await next.newest()).split('-')[1]);
      assert.ok(newest >= 20);
      const again = await Promise.all(clients.map((client) => next.subscribe(idOf(client))));
      await next.say(['last']);
      const all = [...range(1, newest), 'last'];
      for (const [at, client] of clients.entries()) {
        const before = shown(client.reader.decoder.events);
        const rest = await texts(again[at], all.length - before.length);
        assert.deepEqual([...before, ...rest], all);
        again[at].leave();
      }
      await next.kill();
    });

    test('two servers share a file: a client continues at the other one, which numbers alike', async () => {
      const servers = [await place.serve(runtime, file('shared')), await place.serve(runtime, file('shared'))];
      const clients = [
        await servers[0].subscribe(),
        await servers[1].subscribe(),
        await servers[0].subscribe(undefined, 'one'),
      ];
      const ids = [];
      for (let turn = 0; turn < 10; turn++)
        ids.push(...(await servers[turn % 2].say(range(turn * 3 + 1, turn * 3 + 3))));
      assert.deepEqual(
        ids.map((id) => Number(id.split('-')[1])),
        range(1, 30).map(Number),
      );
      for (const client of clients) {
        assert.deepEqual(await texts(client, 30), range(1, 30));
        assert.deepEqual(
          client.reader.decoder.events.map(({ lastEventId }) => lastEventId),
          ids,
        );
        client.leave();
      }
      await servers[0].say(['for one'], 'one');
      await servers[0].say(['31']);
      // At once: the other server may not have read it yet.
      const moved = await servers[1].subscribe(ids[27], 'one');
      assert.deepEqual(await texts(moved, 4), ['29', '30', 'for one', '31']);
      const foreign = await servers[1].subscribe(ids[27]);
      assert.deepEqual(await texts(foreign, 3), ['29', '30', '31']);

      // One is killed and restarted while the other goes on: the epoch stays.
      await servers[0].kill();
      await servers[1].say(['32']);
      const back = await place.serve(runtime, file('shared'));
      const [id] = await back.say(['33']);
      assert.equal(id.split('-')[0], ids[0].split('-')[0]);
      assert.deepEqual(await texts(foreign, 5), ['29', '30', '31', '32', '33']);
      moved.leave();
      foreign.leave();
      await back.kill();
      await servers[1].kill();
    });
  });

describe('a file', { timeout: 120_000 }, () => {
  const runtime = 'Node 26';

  test('that was restored from an old copy is a gap of reason epoch, for the ids that it lacks', async () => {
    const file = place.file('restored.db');
    const first = await place.serve(runtime, file);
    const ids = await first.say(range(1, 10));
    await first.kill();
    for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, `${file}.copy${part}`);
    const second = await place.serve(runtime, file);
    ids.push(...(await second.say(range(11, 20))));
    await second.kill();
    for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true });
    for (const part of ['', '-wal'])
      if (existsSync(`${file}.copy${part}`)) copyFileSync(`${file}.copy${part}`, file + part);

    const third = await place.serve(runtime, file);
    await third.say(range(101, 130));
    // Of both former servers: the copy has what the first one has sent.
    assert.deepEqual(await texts(await third.subscribe(ids[7]), 3), ['9', '10', '101']);
    for (const id of [ids[10], ids[19]]) {
      const [gap, next] = await texts(await third.subscribe(id), 2);
      assert.deepEqual([gap.reason, gap.missed, next], ['epoch', undefined, '1']);
    }
    await third.kill();
  });

  test('keeps the history that was asked for, and does not grow beyond it', async () => {
    const file = place.file('bounded.db');
    const history = { messages: 100, bytes: 2 ** 20 };
    const server = await place.serve(runtime, file, { history });
    const [first] = await server.say(['x'.repeat(1000)]);
    const send = async () => {
      for (let turn = 0; turn < 20; turn++) await server.say(Array.from({ length: 100 }, () => 'x'.repeat(1000)));
    };
    await send();
    const size = () =>
      ['', '-wal'].reduce((sum, part) => sum + (existsSync(file + part) ? statSync(file + part).size : 0), 0);
    const before = size();
    await send();
    assert.ok(size() <= before * 1.1, `${before} bytes became ${size()}`);
    await server.kill();
    const next = await place.serve(runtime, file, { history });
    const [gap, ...rest] = await texts(await next.subscribe(first), 101);
    assert.deepEqual([gap.reason, gap.missed, rest.length], ['expired', 3900, 100]);
    await next.kill();
  });

  test('is opened by four servers at once, none of which loses a message', async () => {
    const file = place.file('at-once.db');
    const servers = await Promise.all(Array.from({ length: 4 }, () => place.serve(runtime, file)));
    const clients = await Promise.all(servers.map((server) => server.subscribe()));
    await Promise.all(
      servers.map(async (server, who) => {
        for (let turn = 0; turn < 10; turn++) await server.say([`${who}:${turn}`]);
      }),
    );
    const seen = await Promise.all(clients.map((client) => texts(client, 40)));
    for (const one of seen) assert.deepEqual(one, seen[0]);
    assert.equal(new Set(seen[0]).size, 40);
    await Promise.all(servers.map((server) => server.kill()));
  });

  test('a server that is stopped while others go on continues its clients', async () => {
    const file = place.file('stopped.db');
    const [one, other] = [await place.serve(runtime, file), await place.serve(runtime, file)];
    const client = await one.subscribe();
    one.signal('SIGSTOP');
    await other.say(range(1, 50));
    one.signal('SIGCONT');
    assert.deepEqual(await texts(client, 50), range(1, 50));
    await until(one.newest, (id) => id.endsWith('-50'), 'the newest id');
    await one.kill();
    await other.kill();
  });
});

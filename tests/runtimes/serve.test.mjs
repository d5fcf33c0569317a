// The servers of Deno and Bun themselves, over real HTTP: their `serve` with the fetch handler, and
// toNode at their `node:http`.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HTTP1 } from '../js/lib/clients.mjs';
import { DENO_FLAGS } from '../js/lib/places.mjs';
import { makeProject, start } from '../js/lib/processes.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { promptly } from '../js/suite/lib/support.mjs';
import { example } from '../readme/documents.mjs';

const DENO = {
  executable: process.env.ERIC_DENO,
  args: [DENO_FLAGS[0], '--v8-flags=--expose-gc', ...DENO_FLAGS.slice(1)],
};
const BUN = { executable: process.env.ERIC_BUN, args: ['run'] };
const SERVERS = {
  'Deno.serve': { ...DENO, way: 'serve' },
  'Bun.serve': { ...BUN, way: 'serve' },
  'node:http of Deno': { ...DENO, way: 'node:http' },
  'node:http of Bun': { ...BUN, way: 'node:http' },
};

/** Starts a server, and says how to ask it. */
async function started({ executable, args, way }) {
  assert.ok(executable, 'run this through `npm test`, which sets up the runtimes');
  const { folder, remove } = makeProject();
  let answered;
  const port = new Promise((resolve) => (answered = resolve));
  const { child, ended, output } = start(executable, [...args, path.join(folder, 'lib/serve.mjs'), way], {
    cwd: folder,
    onLine: (line) => line.startsWith('{"port"') && answered(JSON.parse(line).port),
  });
  const why = ended.then((problem) => {
    throw new Error(`the server has ended: ${problem}\n${output()}`);
  });
  why.catch(() => {});
  const url = `http://127.0.0.1:${await Promise.race([port, why])}`;
  return {
    url,
    output,
    async close() {
      child.kill('SIGKILL');
      await ended;
      remove();
    },
  };
}

let channels = 0;
/** A channel of the test's own at the server. @param {string} url */
function scene(url) {
  const name = `channel-${++channels}`;
  const at = (what, query = {}) => `${url}/${what}?${new URLSearchParams({ channel: name, ...query })}`;
  // The connection of a drained response closes, maybe while this request is sent over it: then it
  // is sent once more, as HTTP clients do with a GET.
  const fetched = (url) => fetch(url).catch(() => fetch(url));
  const ask = async (what, query) => (await fetched(at(what, query))).json();
  return {
    ask,
    events: (options = {}, query = {}) => at('events', { options: JSON.stringify(options), ...query }),
    publish: (payload) => ask('publish', { payload }),
    listeners: (count, milliseconds) =>
      until(
        async () => (await ask('stats')).listeners,
        (now) => now === count,
        'listeners',
        milliseconds,
      ),
  };
}

for (const [name, server] of Object.entries(SERVERS)) {
  describe(name, () => {
    /** @type {Awaited<ReturnType<typeof started>>} */
    let running;
    before(async () => {
      running = await started(server);
    });
    after(() => running?.close());

    test('a client gets the headers and the first bytes at once, then the messages', async () => {
      const { events, publish, listeners } = scene(running.url);
      const { status, headers, reader, leave } = await HTTP1.subscribe(events());
      assert.equal(status, 200);
      assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(headers.get('cache-control'), 'no-cache, no-transform');
      assert.match(await reader.chunk(), /^retry: 500\nevent: _eric_position\nid: [0-9a-f]{12}-0\ndata:\n\n$/);
      for (const payload of ['one', 'two']) await publish(payload);
      assert.deepEqual(
        (await reader.events(2)).map(({ data }) => data),
        ['one', 'two'],
      );
      leave();
      await listeners(0);
    });

    test('a client that leaves takes its listener along, without a further write', async () => {
      const { events, listeners, ask } = scene(running.url);
      // No heartbeat could find out.
      const clients = await Promise.all([1, 2, 3].map(() => HTTP1.subscribe(events({ heartbeatSeconds: 0 }))));
      await listeners(3);
      clients[0].leave();
      await listeners(2);
      await clients[1].reader.cancel();
      await listeners(1);
      clients[2].leave();
      await listeners(0);
      const { reasons } = await ask('stats');
      assert.equal(reasons.length, 3);
      for (const reason of reasons) assert.match(reason, /^(cancelled|aborted)$/);
    });

    test('a hundred clients get everything in order, and nothing is left when they have gone', async () => {
      const { events, publish, listeners } = scene(running.url);
      const clients = await Promise.all(Array.from({ length: 100 }, () => HTTP1.subscribe(events())));
      const expected = Array.from({ length: 10 }, (_, payload) => String(payload));
      for (const payload of expected) await publish(payload);
      for (const { reader, leave } of clients) {
        assert.deepEqual(
          (await reader.events(10)).map(({ data }) => data),
          expected,
        );
        leave();
      }
      await listeners(0);
    });

    test('an idle client is kept though the garbage is collected', async () => {
      const { events, publish, ask, listeners } = scene(running.url);
      const { reader, leave } = await HTTP1.subscribe(events({ heartbeatSeconds: 0.2 }));
      await reader.chunk();
      for (let round = 0; round < 5; round++) {
        await ask('collect');
        await reader.chunk();
      }
      await publish('still here');
      assert.equal((await reader.events(1))[0].data, 'still here');
      assert.deepEqual((await ask('stats')).reasons, []);
      leave();
      await listeners(0);
    });

    test('unread messages of a client stay with the channel, and the client is given up in time', {
      timeout: 60_000,
    }, async () => {
      const { events, ask, listeners } = scene(running.url);
      const leave = await promptly(
        HTTP1.idle(events({ stallSeconds: 1, heartbeatSeconds: 0, queue: { messages: 100_000, bytes: 1e9 } })),
      );
      await listeners(1);
      await ask('publish', { count: 1000, bytes: 100_000 });
      await until(
        () => ask('stats'),
        ({ reasons }) => reasons.length === 1,
        'reasons',
        20_000,
      );
      const { reasons, dropped } = await ask('stats');
      assert.deepEqual(reasons, ['stalled']);
      // Sockets on both sides take some megabytes. Of 100 most must still have been waiting.
      assert.ok(dropped.discarded > 500, `${dropped.discarded} of 1000 messages were left`);
      leave();
    });

    test('a HEAD request is answered with the headers and leaves no listener', async () => {
      const { events, ask } = scene(running.url);
      const { status, headers, text } = await promptly(HTTP1.head(events()));
      assert.deepEqual([status, headers.get('content-type'), text], [200, 'text/event-stream; charset=utf-8', '']);
      assert.equal((await ask('stats')).listeners, 0);
    });

    test('a reconnecting client is replayed the messages it missed', async () => {
      const { events, publish, listeners } = scene(running.url);
      const first = await HTTP1.subscribe(events());
      await publish('one');
      const [{ lastEventId }] = await first.reader.events(1);
      first.leave();
      await listeners(0);
      for (const payload of ['two', 'three']) await publish(payload);
      for (const [url, headers] of [
        [events(), { 'Last-Event-ID': lastEventId }],
        [events({}, { lastEventId }), {}],
      ]) {
        const { reader, leave } = await HTTP1.subscribe(url, { headers });
        assert.deepEqual(
          (await reader.events(2)).map(({ data }) => data),
          ['two', 'three'],
        );
        leave();
      }
      await listeners(0);
    });

    test('drain, close and gone end responses', async () => {
      const { events, publish, ask } = scene(running.url);
      const drained = await HTTP1.subscribe(events());
      await publish('one');
      await ask('drain');
      await drained.reader.rest();
      assert.deepEqual(
        drained.reader.decoder.events.map(({ data }) => data),
        ['one'],
      );
      assert.equal(drained.reader.decoder.retries, 2);

      const second = scene(running.url);
      const closed = await HTTP1.subscribe(second.events());
      await second.publish('one');
      await second.ask('close');
      await closed.reader.rest();
      assert.deepEqual(
        closed.reader.decoder.events.map(({ type }) => type),
        ['n', '_eric_channel_closed'],
      );
      await second.ask('gone');
      assert.equal((await HTTP1.subscribe(second.events())).status, 204);
    });
  });
}

// At once: each takes half a minute, in which nothing is done.
describe('idle responses outlive the idle time-outs of the platform, by the default heartbeat', {
  concurrency: true,
}, () => {
  for (const [name, server] of Object.entries(SERVERS)) {
    test(name, { timeout: 120_000 }, async (context) => {
      const running = await started(server);
      context.after(() => running.close());
      const SECONDS = 25;
      const { events, publish, listeners } = scene(running.url);
      /** Of one without heartbeats: when it was cut, if it was. */
      let cut = Infinity;
      const silent = await HTTP1.subscribe(events({ heartbeatSeconds: 0 }));
      const since = performance.now();
      const silence = (async () => {
        while (!silent.reader.ended) await silent.reader.read();
      })()
        .catch(() => {})
        .then(() => (cut = (performance.now() - since) / 1000));
      // Bun's clock for this ticks every four seconds: some clients are at each of its phases.
      const clients = [];
      for (let count = 0; count < 16; count++) {
        const { reader, leave } = await HTTP1.subscribe(events());
        const reading = (async () => {
          while (reader.decoder.events.length === 0 && !reader.ended) await reader.read();
        })();
        clients.push({ reader, leave, reading });
        await new Promise((resolve) => setTimeout(resolve, 270));
      }
      await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
      const beats = clients.map(({ reader }) => (reader.text.match(/^:$/gm) ?? []).length);
      const cutAfter = cut < Infinity ? `cut after ${cut.toFixed(1)} seconds` : 'not cut';
      context.diagnostic(
        `${beats.join(', ')} heartbeats in ${SECONDS} seconds and more; without any the connection was ${cutAfter}`,
      );
      await publish('still here');
      for (const { reader, reading } of clients) {
        await promptly(reading, 'the message');
        assert.equal(reader.decoder.events[0]?.data, 'still here');
      }
      // Every 6 seconds under Bun, else every 15.
      const [least, most] = name.includes('Bun') ? [3, 5] : [1, 2];
      for (const count of beats) assert.ok(count >= least && count <= most, `${count} heartbeats`);
      if (name === 'Bun.serve') assert.ok(cut < SECONDS, 'the time-out that this is about is there');
      for (const { leave } of [...clients, silent]) leave();
      await silence;
      await listeners(0);
    });
  }
});

describe('the example of Deno and Bun', () => {
  const text = example('serve.js');
  const COMMANDS = {
    'deno serve': [
      DENO.executable,
      ['serve', '--quiet', '-A', '--no-lock', '--node-modules-dir=manual', '--host', '127.0.0.1', '--port'],
    ],
    bun: [BUN.executable, ['--port']],
  };
  for (const [name, [executable, args]] of Object.entries(COMMANDS)) {
    test(`${name} serve.js`, { timeout: 60_000 }, async (context) => {
      const { folder, remove } = makeProject();
      context.after(remove);
      const port = await freePort();
      // On a loopback address, which Deno takes as a flag.
      writeFileSync(
        path.join(folder, 'serve.js'),
        name === 'bun' ? text.replace('export default {', `export default { hostname: '127.0.0.1',`) : text,
      );
      const lines = [];
      const { child, ended, output } = start(executable, [...args, String(port), 'serve.js'], {
        cwd: folder,
        onLine: (line) => void lines.push(line),
      });
      context.after(async () => {
        child.kill('SIGKILL');
        await ended;
      });
      const answered = await until(
        () => HTTP1.subscribe(`http://127.0.0.1:${port}/`).catch((error) => String(error)),
        (answer) => typeof answer !== 'string',
        'an answer',
        20_000,
      ).catch((error) => {
        throw new Error(`${error.message}\n${lines.join('\n')}\n${output()}`);
      });
      const events = await answered.reader.events(2);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['tick', 'tick'],
      );
      answered.leave();
    });
  }
});

/** A port that is free now, for programs which do not tell one that they choose. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

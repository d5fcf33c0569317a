// eric-sse/node against the server itself.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, before, beforeEach, describe, mock, test } from 'node:test';
import {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  QueueFullException,
  SocketClient,
  SocketError,
} from 'eric-sse/node';
import { buildEric } from '../../scripts/lib/eric.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { startSocketServer } from '../../scripts/lib/socket-server.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { promptly } from '../js/suite/lib/support.mjs';
import { example, resolved } from '../readme/documents.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @type {string} */
let eric;
/** @type {import('../../scripts/lib/socket-server.mjs').SocketServer} */
let server;
/** @type {SocketClient} */
let client;

before(async () => {
  eric = await buildEric();
});
beforeEach(() => start());
afterEach(async () => {
  client.close();
  await server.remove();
});

async function start(...options) {
  server = await startSocketServer((socket) => [eric, 'serve', '--socket', socket, ...options]);
  client = new SocketClient(server.socket);
}

/** As `start`, in place of the one that every test has. */
async function restart(...options) {
  client.close();
  await server.remove();
  await start(...options);
}

async function queue(of = client) {
  const channel = await of.createChannel();
  return { channel, listener: await of.register(channel) };
}

/** @param {AsyncIterator<any>} stream @param {number} count */
async function take(stream, count) {
  const events = [];
  while (events.length < count) {
    const { done, value } = await promptly(stream.next());
    assert.ok(!done, `the stream has ended after ${events.length} events`);
    events.push(value);
  }
  return events;
}

/** @param {AsyncIterable<any>} stream */
async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

const data = (events) => events.map((event) => event.data);
const brief = (events) => events.map((event) => [event.event, event.data]);
const numbers = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

/** Waits until the server has so many streams open. @param {number} count @param {SocketClient} [of] */
async function streams(count, of = client) {
  while ((await of.stats()).streams !== count) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Asserts that a promise is rejected with an exception of a class and code. */
const refused = (promise, Class, code, text = /./) =>
  assert.rejects(promptly(promise), (error) => {
    assert.ok(error instanceof Class, String(error));
    assert.ok(error instanceof Error);
    assert.equal(error.code, code);
    assert.equal(error.name, Class.name);
    assert.match(error.message, text);
    return true;
  });

describe('every method', () => {
  test('createChannel', async () => {
    assert.match(await client.createChannel(), UUID);
    assert.equal(await client.createChannel('news'), 'news');
    await refused(client.createChannel('news'), InvalidChannelException, 'ERIC_INVALID_CHANNEL');
    await refused(client.createChannel('two words'), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
  });

  test('register', async () => {
    const { channel, listener } = await queue();
    assert.match(listener, UUID);
    assert.notEqual(await client.register(channel), listener);
  });

  test('dispatch', async () => {
    const { channel, listener } = await queue();
    const other = await client.register(channel);
    assert.equal(await client.dispatch(channel, listener, 'n', 1), undefined);
    await client.dispatch(channel, other, 'n', 2);
    assert.deepEqual(data(await take(client.stream(channel, listener), 1)), [1]);
    assert.deepEqual(data(await take(client.stream(channel, other), 1)), [2]);
  });

  test('broadcast', async () => {
    const { channel, listener } = await queue();
    const other = await client.register(channel);
    assert.equal(await client.broadcast(channel, 'news', { a: 1 }), undefined);
    for (const each of [listener, other])
      assert.deepEqual(brief(await take(client.stream(channel, each), 1)), [['news', { a: 1 }]]);
  });

  test('broadcastToAll', async () => {
    const [first, second] = [await queue(), await queue()];
    assert.equal(await client.broadcastToAll('news', [1]), undefined);
    for (const { channel, listener } of [first, second])
      assert.deepEqual(data(await take(client.stream(channel, listener), 1)), [[1]]);
  });

  test('stream', async () => {
    const { channel, listener } = await queue();
    await client.broadcast(channel, 'before', 1);
    const stream = client.stream(channel, listener);
    const [first] = await take(stream, 1);
    assert.deepEqual({ ...first, id: typeof first.id }, { event: 'before', retry: 15_000, data: 1, id: 'string' });
    await client.broadcast(channel, 'while');
    await client.dispatch(channel, listener, 'while', 'two');
    assert.deepEqual(brief(await take(stream, 2)), [
      ['while', null],
      ['while', 'two'],
    ]);
    assert.equal(stream[Symbol.asyncIterator](), stream);
  });

  test('watch', async () => {
    const channel = await client.createChannel();
    await client.broadcast(channel, 'before', 0);
    const stream = client.watch(channel);
    await streams(1);
    await client.broadcast(channel, 'n', 1);
    assert.deepEqual(brief(await take(stream, 1)), [['n', 1]]);
    await stream.return();
    await streams(0);
    assert.equal((await client.stats(channel)).listeners, 0);
  });

  test('removeListener', async () => {
    const { channel, listener } = await queue();
    const reading = all(client.stream(channel, listener));
    await streams(1);
    assert.equal(await client.removeListener(channel, listener), undefined);
    assert.deepEqual(await promptly(reading), []);
    await refused(client.removeListener(channel, listener), InvalidListenerException, 'ERIC_INVALID_LISTENER');
  });

  test('removeChannel', async () => {
    const { channel, listener } = await queue();
    const reading = all(client.stream(channel, listener));
    await streams(1);
    await client.broadcast(channel, 'n', 1);
    assert.equal(await client.removeChannel(channel), undefined);
    assert.deepEqual(await promptly(reading).then(brief), [
      ['n', 1],
      ['_eric_channel_closed', null],
    ]);
    await refused(client.register(channel), InvalidChannelException, 'ERIC_INVALID_CHANNEL');
  });

  test('stats', async () => {
    const { channel, listener } = await queue();
    await client.broadcast(channel, 'n', 1);
    const { channels, streams } = await client.stats();
    assert.deepEqual([channels.length, channels[0].id, streams], [1, channel, 0]);
    const { broadcasts, by_listener } = await client.stats(channel);
    assert.deepEqual([broadcasts, by_listener[0].id, by_listener[0].queued], [1, listener, 1]);
  });

  test('sendPayload', async () => {
    assert.equal(await client.sendPayload({ v: 'c', c: 'chosen' }), 'chosen');
    assert.equal(await client.sendPayload({ t: 'n', p: 1 }), 'ack');
    await refused(client.sendPayload(null), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
  });

  test('close, after which everything that was asked is answered, and the next request connects anew', async () => {
    const asked = [client.createChannel(), client.createChannel()];
    client.close();
    for (const id of await promptly(Promise.all(asked))) assert.match(id, UUID);
    assert.equal((await client.stats()).channels.length, 2);
    client.close();
    client.close();
  });
});

describe('errors', () => {
  const CHANNEL = [InvalidChannelException, 'ERIC_INVALID_CHANNEL', /^no channel/];
  const LISTENER = [InvalidListenerException, 'ERIC_INVALID_LISTENER', /^no listener/];

  test('an unknown channel, for every method that wants one', async () => {
    for (const asked of [
      client.register('x'),
      client.dispatch('x', 'y', 'n'),
      client.broadcast('x', 'n'),
      client.removeListener('x', 'y'),
      client.removeChannel('x'),
      client.stats('x'),
      client.stream('x', 'y').next(),
      client.watch('x').next(),
    ]) {
      await refused(asked, ...CHANNEL);
    }
  });

  test('an unknown listener', async () => {
    const channel = await client.createChannel();
    for (const asked of [
      client.dispatch(channel, 'y', 'n'),
      client.removeListener(channel, 'y'),
      client.stream(channel, 'y').next(),
    ]) {
      await refused(asked, ...LISTENER);
    }
  });

  test('a stream is over after its error', async () => {
    const stream = client.stream('x', 'y');
    await refused(stream.next(), ...CHANNEL);
    assert.deepEqual(await promptly(stream.next()), { done: true, value: undefined });
    await refused(all(client.watch('x')), ...CHANNEL);
  });

  test('messages that cannot be sent, here or there', async () => {
    const { channel } = await queue();
    const cycle = {};
    cycle.cycle = cycle;
    for (const payload of [cycle, 1n, () => {}, { f() {} }, '\ud800']) {
      await refused(client.broadcast(channel, 'n', payload), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
    }
    for (const type of ['', 'a\nb', undefined, 7]) {
      await refused(client.broadcast(channel, type, 1), InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
    }
    assert.equal((await client.stats(channel)).broadcasts, 0);
  });

  test('arguments of a wrong type', () => {
    assert.throws(() => new SocketClient(), TypeError);
    assert.throws(() => client.watch('x', { signal: 1 }), TypeError);
    assert.throws(() => client.watch('x', 1), TypeError);
  });

  test('a queue that is full and refuses', async () => {
    await restart('--queue-messages', '2', '--overflow', 'refuse');
    const { channel, listener } = await queue();
    for (const n of [1, 2]) await client.dispatch(channel, listener, 'n', n);
    await refused(client.dispatch(channel, listener, 'n', 3), QueueFullException, 'ERIC_QUEUE_FULL');
    assert.deepEqual(data(await take(client.stream(channel, listener), 2)), [1, 2]);
  });

  test('a listener that was full and disconnected', async () => {
    await restart('--queue-messages', '5', '--overflow', 'disconnect');
    const { channel, listener } = await queue();
    const open = [client.stream(channel, listener), client.watch(channel)];
    await streams(2);
    const payload = 'x'.repeat(20_000);
    while ((await client.stats(channel)).overflows < 2) await client.broadcast(channel, 'n', payload);
    for (const stream of open) {
      await refused(all(stream), QueueFullException, 'ERIC_QUEUE_FULL');
      assert.deepEqual(await promptly(stream.next()), { done: true, value: undefined });
    }
    await streams(0);
  });

  test('limits of the server', async () => {
    await restart('--max-request', '1000', '--max-channels', '1');
    const channel = await client.createChannel();
    await refused(client.createChannel(), SocketError, 'ERIC_LIMIT');
    await refused(client.broadcast(channel, 'n', 'x'.repeat(2000)), SocketError, 'ERIC_LIMIT', /1000 bytes/);
  });

  test('a connection beyond the limit is refused with an error', async () => {
    await restart('--max-connections', '2');
    const channel = await client.createChannel();
    const stream = client.watch(channel);
    await streams(1);
    await refused(client.watch(channel).next(), SocketError, 'ERIC_LIMIT');
    await refused(new SocketClient(server.socket).createChannel(), SocketError, 'ERIC_LIMIT');
    await stream.return();
  });

  test('no server', async () => {
    const nowhere = new SocketClient(`${server.socket}.none`);
    await refused(nowhere.createChannel(), SocketError, 'ERIC_CONNECT', /ENOENT/);
    await refused(nowhere.watch('x').next(), SocketError, 'ERIC_CONNECT');
    await refused(nowhere.createChannel(), SocketError, 'ERIC_CONNECT');
  });

  test('a server that answers with something else', async () => {
    const socket = `${server.socket}.other`;
    const other = net.createServer((connection) => connection.end('{"error":\n')).listen(socket);
    await once(other, 'listening');
    const confused = new SocketClient(socket);
    await refused(confused.createChannel(), SocketError, 'ERIC_ANSWER');
    await refused(confused.watch('x').next(), SocketError, 'ERIC_ANSWER');
    other.close();
  });
});

describe('streams', () => {
  test('1,000 messages in order, sent without waiting', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    const reading = take(stream, 1000);
    await Promise.all(
      numbers(0, 1000).map((n) =>
        n % 2 ? client.dispatch(channel, listener, 'n', n) : client.broadcast(channel, 'n', n),
      ),
    );
    assert.deepEqual(data(await reading), numbers(0, 1000));
    await stream.return();
  });

  test('payloads of every kind, and lines in many pieces', async () => {
    const { channel, listener } = await queue();
    const payloads = [
      '',
      'żółw 🐢\n"\\\u2028',
      0,
      -1.5,
      true,
      false,
      null,
      [],
      {},
      { a: [{ b: null }] },
      '🐢'.repeat(200_000),
    ];
    for (const payload of payloads) await client.broadcast(channel, 'n', payload);
    assert.deepEqual(data(await take(client.stream(channel, listener), payloads.length)), payloads);
  });

  // In one read, in two, of which the second is the runtime's own until it is asked for, and in
  // many.
  for (const count of [50, 1000, 2000]) {
    test(`a stream that is left in the middle of ${count} messages is resumed by the next: nothing is missing, nothing comes twice`, async () => {
      const { channel, listener } = await queue();
      await Promise.all(
        numbers(0, count).map((n) =>
          n % 3 ? client.dispatch(channel, listener, 'n', n) : client.broadcast(channel, 'n', n),
        ),
      );
      const seen = [];
      // The test does not wait for missing events.
      const signal = AbortSignal.timeout(10_000);
      for (let left = 0; seen.length < count && !signal.aborted; left++) {
        for await (const event of client.stream(channel, listener, { signal })) {
          seen.push(event.data);
          if (seen.length === count || seen.length % (20 + left * 7) === 0) {
            // Time for more to come, which is not asked for.
            if (left < 3) await new Promise((resolve) => setTimeout(resolve, 30));
            break;
          }
        }
      }
      assert.deepEqual(seen, numbers(0, count));
      await client.dispatch(channel, listener, 'n', 'next');
      assert.deepEqual(data(await take(client.stream(channel, listener), 1)), ['next']);
    });
  }

  test('events that a stream has received and not taken go to open streams: workers that take three each', async () => {
    const { channel, listener } = await queue();
    for (const n of numbers(0, 100)) await client.dispatch(channel, listener, 'job', n);
    const got = [];
    const worker = async () => {
      let count = 0;
      for await (const { data } of client.stream(channel, listener)) {
        got.push(data);
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (++count === 3) break;
      }
    };
    for (let round = 0; round < 11; round++) await promptly(Promise.all([worker(), worker(), worker()]));
    assert.deepEqual(
      got.sort((a, b) => a - b),
      numbers(0, 99),
    );
  });

  test('two at once, both left: nothing is missing, nothing comes twice', async () => {
    for (const read of [0, 1, 3]) {
      const { channel, listener } = await queue();
      const open = [client.stream(channel, listener), client.stream(channel, listener)];
      const first = open.map((stream) => stream.next());
      await streams(2);
      await Promise.all(
        numbers(0, 1000).map((n) =>
          n % 3 ? client.broadcast(channel, 'n', n) : client.dispatch(channel, listener, 'n', n),
        ),
      );
      const seen = (await promptly(Promise.all(first))).map(({ value }) => value.data);
      for (const stream of open) seen.push(...data(await take(stream, read)));
      await Promise.all(open.map((stream) => stream.return()));
      await streams(0);
      const last = client.stream(channel, listener);
      const rest = data(await take(last, 1000 - seen.length));
      assert.deepEqual(
        [...seen, ...rest].sort((a, b) => a - b),
        numbers(0, 1000),
      );
      await client.dispatch(channel, listener, 'n', 'next');
      assert.deepEqual(data(await take(last, 1)), ['next']);
      await last.return();
      await streams(0);
    }
  });

  test('readers that come and go at once, again and again: nothing is missing, nothing comes twice', async () => {
    const { channel, listener } = await queue();
    const seen = [];
    const signal = AbortSignal.timeout(30_000);
    const reader = async (each) => {
      while (seen.length < 600 && !signal.aborted) {
        let count = 0;
        for await (const { data } of client.stream(channel, listener, { signal })) {
          if (data === 'end') break;
          seen.push(data);
          if (++count === each) break;
        }
      }
    };
    const readers = [7, 20, 64].map(reader);
    for (let from = 0; from < 600; from += 100) {
      await Promise.all(numbers(from, from + 100).map((n) => client.dispatch(channel, listener, 'n', n)));
    }
    while (seen.length < 600 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let n = 0; n < 6; n++) await client.dispatch(channel, listener, 'n', 'end');
    await promptly(Promise.all(readers));
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      numbers(0, 600),
    );
  });

  test('a reader that is killed in the middle of 2,000 leaves what it has not taken to another process', async () => {
    const { channel, listener } = await queue();
    const payload = 'x'.repeat(1000);
    await Promise.all(numbers(0, 2000).map((n) => client.dispatch(channel, listener, 'n', { n, payload })));
    const program = `
      import { SocketClient } from 'eric-sse/node';
      let seen = 0;
      for await (const { data } of new SocketClient(process.argv[1]).stream(process.argv[2], process.argv[3])) {
        if (++seen === 20) process.kill(process.pid, 'SIGKILL');
      }`;
    const { signal } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, server.socket, channel, listener],
      { cwd: ROOT },
    );
    assert.equal(signal, 'SIGKILL');
    const events = [];
    for await (const { data } of client.stream(channel, listener)) {
      events.push(data.n);
      if (data.n === 1999) break;
    }
    // The server has of what lay in the socket again what may not have been read: all of it, in
    // order.
    assert.deepEqual(events, numbers(events[0], 2000));
    assert.ok(events[0] <= 20, `the first is ${events[0]}`);
  });

  test('events that no reader asks for stay with the server', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    await streams(1);
    const payload = 'x'.repeat(100_000);
    for (let n = 0; n < 50; n++) await client.dispatch(channel, listener, 'n', payload);
    await take(stream, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { queued } = await client.stats(channel);
    assert.ok(queued > 40, `${queued} are queued`);
    assert.equal((await take(stream, 49)).length, 49);
  });

  test('a reader that asks ahead gets everything in order', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    const asked = [stream.next(), stream.next(), stream.next()];
    for (const n of [1, 2, 3]) await client.dispatch(channel, listener, 'n', n);
    assert.deepEqual(
      (await promptly(Promise.all(asked))).map(({ value }) => value.data),
      [1, 2, 3],
    );
    const waiting = stream.next();
    await stream.return();
    assert.deepEqual(await promptly(waiting), { done: true, value: undefined });
  });

  test('an aborted signal ends them, before, while and after', async () => {
    const { channel, listener } = await queue();
    assert.deepEqual(await promptly(all(client.watch(channel, { signal: AbortSignal.abort() }))), []);
    const controller = new AbortController();
    const readings = [client.watch(channel, controller), client.stream(channel, listener, controller)].map(all);
    await streams(2);
    await client.broadcast(channel, 'n', 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    assert.deepEqual((await promptly(Promise.all(readings))).map(data), [[1], [1]]);
    await streams(0);
    controller.abort();
  });

  test('throw() leaves as well', async () => {
    const channel = await client.createChannel();
    const stream = client.watch(channel);
    await streams(1);
    await assert.rejects(stream.throw(new Error('mine')), /mine/);
    assert.equal((await stream.next()).done, true);
    await streams(0);
  });

  test('a hundred watchers get everything in order, and leave nothing', async () => {
    const channel = await client.createChannel();
    const watchers = numbers(0, 100).map(() => client.watch(channel));
    await streams(100);
    const readings = watchers.map((stream) => take(stream, 100));
    await Promise.all(numbers(0, 100).map((n) => client.broadcast(channel, 'n', n)));
    for (const events of await Promise.all(readings)) assert.deepEqual(data(events), numbers(0, 100));
    await Promise.all(watchers.map((stream) => stream.return()));
    await streams(0);
    assert.equal((await client.stats(channel)).listeners, 0);
  });
});

describe('a server that ends', () => {
  test('killed: requests and streams fail, and do not hang', async () => {
    const { channel, listener } = await queue();
    const reading = [client.stream(channel, listener), client.watch(channel)].map((stream) =>
      refused(all(stream), SocketError, 'ERIC_BROKEN'),
    );
    await streams(2);
    await client.broadcast(channel, 'n', 1);
    await server.end('SIGKILL');
    await Promise.all(reading);
    await refused(client.createChannel(), SocketError, 'ERIC_CONNECT');
  });

  test('killed with requests under way: each request fails', async () => {
    process.kill(server.pid, 'SIGSTOP');
    const asked = Promise.allSettled(numbers(0, 100).map(() => client.createChannel()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.end('SIGKILL');
    const results = await promptly(asked);
    assert.deepEqual(new Set(results.map(({ reason }) => reason?.code)), new Set(['ERIC_BROKEN']));
  });

  test('asked to end: streams say that their channel was closed', async () => {
    const { channel, listener } = await queue();
    const reading = all(client.stream(channel, listener));
    await streams(1);
    await client.broadcast(channel, 'n', 1);
    assert.equal(await server.end('SIGTERM'), 0);
    assert.deepEqual(brief(await promptly(reading)), [
      ['n', 1],
      ['_eric_channel_closed', null],
    ]);
  });

  test('and started again: the same client goes on', async () => {
    await client.createChannel('a');
    await server.end('SIGKILL');
    const again = await startSocketServer((socket) => [eric, 'serve', '--socket', socket], { socket: server.socket });
    assert.equal(await client.createChannel('a'), 'a');
    client.close();
    await again.remove();
  });
});

describe('the module', () => {
  const run = (...args) => execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });

  test('loads no WebAssembly, in either format', () => {
    const check = 'console.log(typeof SocketClient, compiled)';
    const watchful =
      'let compiled = 0; const { Module } = WebAssembly; WebAssembly.Module = class extends Module { constructor(...all) { super(...all); compiled++; } };';
    assert.equal(
      run('--input-type=module', '-e', `${watchful} const { SocketClient } = await import('eric-sse/node'); ${check}`),
      'function 0\n',
    );
    assert.equal(
      run('--input-type=commonjs', '-e', `${watchful} const { SocketClient } = require('eric-sse/node'); ${check}`),
      'function 0\n',
    );
  });

  test("has exceptions with the names and codes of the default entry's", async () => {
    const whole = await import('eric-sse');
    for (const exception of [
      InvalidChannelException,
      InvalidListenerException,
      InvalidMessageFormat,
      QueueFullException,
    ]) {
      const [ours, theirs] = [new exception('text'), new whole[exception.name]('text')];
      assert.deepEqual([ours.name, ours.code], [theirs.name, theirs.code]);
    }
  });

  test('lets a program end that has nothing more to wait for', () => {
    const program =
      "const { SocketClient } = require('eric-sse/node'); new SocketClient(process.argv[1]).createChannel('end').then(console.log)";
    assert.equal(run('-e', program, server.socket), 'end\n');
  });

  test('`using` closes it', () => {
    if (Symbol.dispose) assert.equal(typeof client[Symbol.dispose], 'function');
  });
});

test("the socket client's example prints what it says", async () => {
  const here = resolved(example('socket.js')).replace('/tmp/eric.sock', server.socket);
  const log = mock.method(console, 'log', () => {});
  try {
    await import(`data:text/javascript,${encodeURIComponent(here)}`);
  } finally {
    mock.restoreAll();
  }
  assert.deepEqual(
    log.mock.calls.map((call) => call.arguments),
    [['price', { eur: 3.5 }]],
  );
});

describe('the example of several processes', () => {
  /** Starts a process of the example, which sends the lines of its standard input. */
  async function started(context) {
    const text = example('processes.js');
    const listening = "createServer(toNode(channel)).listen(8080, '127.0.0.1');";
    assert.ok(text.includes(listening));
    const program = text
      .replace('/tmp/eric.sock', server.socket)
      // Any free port, which the process prints; and commands, which the example does not have.
      .replace(
        listening,
        `const http = createServer(toNode(channel)).listen(0, '127.0.0.1', () => console.log(http.address().port));
        (await import('node:readline')).createInterface({ input: process.stdin }).on('line', (line) => say(...JSON.parse(line)));`,
      );
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => void (errors += text));
    // The process may have exited before it gets the line.
    child.stdin.on('error', () => {});
    const ended = once(child, 'exit');
    context.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
    const { reader } = await subscribe(`http://127.0.0.1:${port.trim()}/`);
    return { say: (...said) => child.stdin.write(`${JSON.stringify(said)}\n`), reader, ended, errors: () => errors };
  }

  test('messages of one process reach the clients of all, in one order; the end of the channel too', {
    timeout: 60_000,
  }, async (context) => {
    const processes = [await started(context), await started(context), await started(context)];
    await until(
      () => client.stats('news'),
      ({ listeners }) => listeners === 3,
      'watchers',
    );
    for (let round = 0; round < 20; round++) processes[round % 3].say('said', { round });
    for (const { reader } of processes) await reader.events(20);
    const [first, ...others] = processes.map(({ reader }) =>
      reader.decoder.events.map(({ type, data }) => [type, data]),
    );
    assert.deepEqual(
      first.map(([, data]) => JSON.parse(data).round).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, round) => round),
    );
    for (const other of others) assert.deepEqual(other, first);
    await client.removeChannel('news');
    for (const { ended, errors } of processes) assert.deepEqual(await ended, [1, null], errors());
  });

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`when the server goes by ${signal}, so do the processes`, { timeout: 60_000 }, async (context) => {
      const processes = [await started(context), await started(context)];
      await until(
        () => client.stats('news'),
        ({ listeners }) => listeners === 2,
        'watchers',
      );
      process.kill(server.pid, signal);
      for (const { ended, errors } of processes) assert.deepEqual(await ended, [1, null], errors());
    });
  }
});

// The Python package that the protocol is from: every method of its SocketClient against our
// server, unchanged. And the same calls to the package's own server, to see that the answers are
// the same.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { SocketClient } from 'eric-sse/node';
import { buildEric } from '../../scripts/lib/eric.mjs';
import { ensurePython } from '../../scripts/lib/python.mjs';
import { startSocketServer } from '../../scripts/lib/socket-server.mjs';
import { PythonClient } from './lib/python-client.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const REFERENCE = 'import sys; from eric_sse.servers import SocketServer; SocketServer.start(sys.argv[1])';

/**
 * Everything that JSON has, and what its two writers write differently. The client reads no line of
 * more than 65,536 bytes.
 */
const PAYLOADS = [
  'text',
  '',
  'line\nfeed, "quotes" and \\',
  'żółw 🐢 \u2028\u0000',
  0,
  -1,
  1.5,
  1e100,
  9007199254740991,
  true,
  false,
  null,
  [],
  {},
  [1, [2, [3]]],
  { a: { b: ['c', null] }, '': 'no name', ü: 1 },
  'x'.repeat(65_000),
];

/** @type {string} */
let eric;
/** @type {string} */
let python;
/** @type {import('../../scripts/lib/socket-server.mjs').SocketServer} */
let server;
/** @type {PythonClient} */
let client;
/** @type {PythonClient[]} */
const clients = [];

before(async () => {
  eric = await buildEric();
  python = await ensurePython();
});
beforeEach(async () => {
  server = await startSocketServer((socket) => [eric, 'serve', '--socket', socket]);
  client = connect();
});
afterEach(async () => {
  for (const each of clients.splice(0)) await each.kill();
  await server?.remove();
});

function connect(to = server) {
  const made = new PythonClient(python, to.socket);
  clients.push(made);
  return made;
}

/** A channel and a listener of it, both made from Python. */
async function queue() {
  const channel = await client.call('create_channel');
  return { channel, listener: await client.call('register', channel) };
}

/** Sends from Rust: the command, whose client is the crate's. @returns {Promise<string>} */
function command(args, input = '') {
  return new Promise((resolve, reject) => {
    const child = execFile(eric, ['--socket', server.socket, ...args], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(stdout.trim());
    });
    child.stdin.end(input);
  });
}

/** The relevant parts of an event. */
const brief = ({ event, data }) => [event, data];
/** Returns the exception that an answer names, and asserts that the line has the package's form. */
function refusal(answer) {
  const { error } = JSON.parse(answer);
  assert.deepEqual(Object.keys(error), ['code', 'message']);
  assert.ok(answer.endsWith('}\n') && !answer.slice(0, -1).includes('\n'), 'one line');
  return [error.code, error.message.split(':')[0]];
}

describe('every method of the client', () => {
  test('create_channel', async () => {
    const ids = [await client.call('create_channel'), await client.call('create_channel')];
    for (const id of ids) assert.match(id, UUID);
    assert.notEqual(ids[0], ids[1]);
  });

  test('register', async () => {
    const { channel, listener } = await queue();
    assert.match(listener, UUID);
    assert.notEqual(await client.call('register', channel), listener);
  });

  test('dispatch', async () => {
    const { channel, listener } = await queue();
    const other = await client.call('register', channel);
    assert.equal(await client.call('dispatch', channel, listener, 'n', 1), 'ack');
    assert.equal(await client.call('dispatch', channel, other, 'n', 2), 'ack');
    assert.deepEqual((await client.stream(channel, listener).events(1)).map(brief), [['n', 1]]);
    assert.deepEqual((await client.stream(channel, other).events(1)).map(brief), [['n', 2]]);
  });

  test('broadcast_message', async () => {
    const { channel, listener } = await queue();
    const other = await client.call('register', channel);
    assert.equal(await client.call('broadcast_message', channel, 'news', { to: 'all' }), 'ack');
    for (const each of [listener, other]) {
      assert.deepEqual((await client.stream(channel, each).events(1)).map(brief), [['news', { to: 'all' }]]);
    }
  });

  test('stream', async () => {
    const { channel, listener } = await queue();
    await client.call('broadcast_message', channel, 'before', 1);
    const stream = client.stream(channel, listener);
    const [first] = await stream.events(1);
    assert.deepEqual(Object.keys(first), ['event', 'retry', 'data', 'id']);
    assert.deepEqual([first.event, first.retry, first.data, typeof first.id], ['before', 15_000, 1, 'string']);
    await client.call('broadcast_message', channel, 'while', 2);
    await client.call('dispatch', channel, listener, 'while', 3);
    assert.deepEqual((await stream.events(2)).map(brief), [
      ['while', 2],
      ['while', 3],
    ]);
  });

  test('remove_listener, which ends its stream', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    await client.call('dispatch', channel, listener, 'n', 1);
    await stream.events(1);
    assert.equal(await client.call('remove_listener', channel, listener), 'ack');
    // The client yields an empty line at the end of a stream.
    assert.deepEqual(await stream.rest(), ['']);
    assert.deepEqual(refusal(await client.call('dispatch', channel, listener, 'n', 2)), [
      'ERIC_INVALID_LISTENER',
      'InvalidListenerException',
    ]);
  });

  test('remove_channel, which says so in its streams and ends them', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    await client.call('dispatch', channel, listener, 'n', 1);
    await stream.events(1);
    assert.equal(await client.call('remove_channel', channel), 'ack');
    const [closed, ...rest] = await stream.rest();
    assert.deepEqual(JSON.parse(closed), { event: '_eric_channel_closed', retry: 15_000, data: null, id: null });
    assert.deepEqual(rest, ['']);
    assert.deepEqual(refusal(await client.call('register', channel)), [
      'ERIC_INVALID_CHANNEL',
      'InvalidChannelException',
    ]);
  });

  test('send_payload, with any request', async () => {
    const channel = await client.call('send_payload', { v: 'c' });
    assert.match(channel, UUID);
    const listener = await client.call('send_payload', { v: 'r', c: channel });
    assert.equal(await client.call('send_payload', { v: 'b', c: channel, t: 'no payload' }), 'ack');
    assert.equal(await client.call('send_payload', { t: 'everywhere', p: 1 }), 'ack');
    assert.deepEqual((await client.stream(channel, listener).events(2)).map(brief), [
      ['no payload', null],
      ['everywhere', 1],
    ]);
    assert.equal(await client.call('send_payload', { v: 'c', c: 'chosen' }), 'chosen');
    assert.equal(JSON.parse(await client.call('send_payload', { v: 's', c: 'chosen' })).id, 'chosen');
  });
});

describe('the answers to a client that asks for missing things', () => {
  const CHANNEL = ['ERIC_INVALID_CHANNEL', 'InvalidChannelException'];
  const LISTENER = ['ERIC_INVALID_LISTENER', 'InvalidListenerException'];
  const MESSAGE = ['ERIC_INVALID_MESSAGE', 'InvalidMessageFormat'];

  for (const [method, ...args] of [
    ['register', UNKNOWN],
    ['broadcast_message', UNKNOWN, 'n', 1],
    ['dispatch', UNKNOWN, UNKNOWN, 'n', 1],
    ['remove_listener', UNKNOWN, UNKNOWN],
    ['remove_channel', UNKNOWN],
  ]) {
    test(`${method} of an unknown channel`, async () => {
      assert.deepEqual(refusal(await client.call(method, ...args)), CHANNEL);
    });
  }

  test('an unknown listener', async () => {
    const channel = await client.call('create_channel');
    assert.deepEqual(refusal(await client.call('dispatch', channel, UNKNOWN, 'n', 1)), LISTENER);
    assert.deepEqual(refusal(await client.call('remove_listener', channel, UNKNOWN)), LISTENER);
  });

  test('a stream of an unknown channel or listener: one line, and the end', async () => {
    const channel = await client.call('create_channel');
    const [unknown, ...rest] = await client.stream(UNKNOWN, UNKNOWN).rest();
    assert.deepEqual([refusal(unknown), rest], [CHANNEL, ['']]);
    assert.deepEqual(refusal((await client.stream(channel, UNKNOWN).rest())[0]), LISTENER);
  });

  test('invalid requests', async () => {
    for (const payload of [{}, { v: 'x' }, { v: 'd' }, { v: 'b', c: UNKNOWN }, [1], 'text', null]) {
      assert.deepEqual(refusal(await client.call('send_payload', payload)), MESSAGE);
    }
  });
});

describe('a Python reader', () => {
  test('gets every payload as it was sent, from Python, from Rust and from JavaScript', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    for (const payload of PAYLOADS) await client.call('broadcast_message', channel, 'python', payload);
    await command(['broadcast', channel, 'rust'], PAYLOADS.map((payload) => `${JSON.stringify(payload)}\n`).join(''));
    const script = new SocketClient(server.socket);
    for (const payload of PAYLOADS) await script.broadcast(channel, 'javascript', payload);
    script.close();
    const expected = ['python', 'rust', 'javascript'].flatMap((from) => PAYLOADS.map((payload) => [from, payload]));
    assert.deepEqual((await stream.events(expected.length)).map(brief), expected);
  });

  test('is kept from what JSON does not have', async () => {
    const { channel, listener } = await queue();
    // Python writes NaN as such.
    const sent = [
      client.callWith('NaN', 'broadcast_message', channel, 'n'),
      client.callWith('[Infinity]', 'dispatch', channel, listener, 'n'),
    ];
    for (const answer of sent)
      assert.deepEqual(refusal(await answer), ['ERIC_INVALID_MESSAGE', 'InvalidMessageFormat']);
  });

  test('reads 1,000 messages in order while Rust sends them', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    const sent = command(['broadcast', channel, 'n'], numbers.map((number) => `${number}\n`).join(''));
    assert.deepEqual(
      (await stream.events(1000)).map(({ data }) => data),
      numbers,
    );
    await sent;
  });

  test('reads 1,000 messages in order while JavaScript sends them', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    const script = new SocketClient(server.socket);
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    const sent = Promise.all(numbers.map((number) => script.dispatch(channel, listener, 'n', number)));
    assert.deepEqual(
      (await stream.events(1000)).map(({ data }) => data),
      numbers,
    );
    await sent;
    script.close();
  });

  test('that is killed in the middle leaves the rest to the next one', async () => {
    const { channel, listener } = await queue();
    const reader = connect();
    const stream = reader.stream(channel, listener);
    await client.call('dispatch', channel, listener, 'n', 0);
    assert.deepEqual((await stream.events(1)).map(brief), [['n', 0]]);
    await reader.kill();
    for (const number of [1, 2, 3]) await client.call('dispatch', channel, listener, 'n', number);
    const events = await client.stream(channel, listener).events(3);
    assert.deepEqual(
      events.map(({ data }) => data),
      [1, 2, 3],
    );
  });

  test('gets the end of the server as the end of its stream', async () => {
    const { channel, listener } = await queue();
    const stream = client.stream(channel, listener);
    await client.call('dispatch', channel, listener, 'n', 1);
    await stream.events(1);
    assert.equal(await server.end('SIGTERM'), 0);
    const lines = await stream.rest();
    assert.deepEqual(
      lines.map((line) => line && JSON.parse(line).event),
      ['_eric_channel_closed', ''],
    );
  });
});

describe("the package's own server", () => {
  /** @type {import('../../scripts/lib/socket-server.mjs').SocketServer} */
  let reference;
  beforeEach(async () => {
    reference = await startSocketServer((socket) => [python, '-c', REFERENCE, socket]);
  });
  afterEach(() => reference?.remove());

  /**
   * The same calls, and what they are answered with; ids are named in the order in which they come.
   */
  async function answersOf(each) {
    const answers = [];
    const call = async (...args) => {
      answers.push(await each.call(...args));
      return answers.at(-1);
    };
    const channel = await call('create_channel');
    const [listener, other] = [await call('register', channel), await call('register', channel)];
    await call('dispatch', channel, listener, 'to one', { a: [1, 'ü'] });
    await call('broadcast_message', channel, 'to all', 'text');
    await call('send_payload', { v: 'b', c: channel, t: 'no payload' });
    for (const reader of [listener, other]) {
      // Of events, what both have: the reference has no ids, and another reconnection time.
      for (const event of await each.stream(channel, reader).events(reader === listener ? 3 : 2))
        answers.push(brief(event));
    }
    await call('remove_listener', channel, await call('register', channel));
    const empty = await call('create_channel');
    await call('remove_channel', empty);
    const ids = [];
    return answers.map((answer) => {
      if (typeof answer !== 'string' || !UUID.test(answer)) return answer;
      if (!ids.includes(answer)) ids.push(answer);
      return `id ${ids.indexOf(answer)}`;
    });
  }

  test('answers the same calls with the same bytes', async () => {
    const expected = await answersOf(connect(reference));
    assert.ok(expected.includes('ack') && expected.includes('id 0'));
    assert.deepEqual(await answersOf(client), expected);
  });

  test('names the same exceptions', async () => {
    const ask = async (each) => {
      const channel = await each.call('create_channel');
      return [
        await each.call('register', UNKNOWN),
        await each.call('remove_channel', UNKNOWN),
        await each.call('dispatch', channel, UNKNOWN, 'n', 1),
        await each.call('remove_listener', channel, UNKNOWN),
        await each.call('send_payload', { v: 'b', c: channel }),
      ].map((answer) => /\w*(?:Exception|InvalidMessageFormat)\b/.exec(answer)?.[0]);
    };
    const expected = await ask(connect(reference));
    assert.ok(expected.every(Boolean), String(expected));
    assert.deepEqual(await ask(client), expected);
  });
});

after(async () => {
  // Not a hook of a test's own server: the names are the class's.
  const names = python ? await methodsOf() : [];
  assert.deepEqual([...PythonClient.called].sort(), names.sort(), 'a method of the client was not called');
  console.log(`called of Python's SocketClient: ${names.join(', ')}`);
});

async function methodsOf() {
  const asked = new PythonClient(python, 'nowhere');
  try {
    return await asked.methods();
  } finally {
    await asked.kill();
  }
}

// The reference's own Python client, as it is published, against our server: every method.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { inRoot, TOOLS } from '../../scripts/lib/paths.mjs';

const run = promisify(execFile);

const REFERENCE = 'eric-sse==2.1.1.2';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A virtual environment of its own, named after what is in it. @returns {Promise<string>} its interpreter */
async function python() {
  const folder = path.join(TOOLS, `python-${REFERENCE}`);
  const interpreter = path.join(folder, 'bin/python');
  if (!existsSync(path.join(folder, 'complete'))) {
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]).catch(({ message }) => assert.fail(`python3 with venv is wanted: ${message}`));
    await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', REFERENCE]);
    await run(interpreter, ['-c', `open(${JSON.stringify(path.join(folder, 'complete'))}, 'w')`]);
  }
  return interpreter;
}

describe("the reference's own client", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'eric-sse-python-'));
  const socket = path.join(folder, 'socket');
  /** @type {import('node:child_process').ChildProcess} */
  let server;
  /** Each call's name and result, in order. @type {[string, any][]} */
  let calls;

  before(async () => {
    const interpreter = await python();
    await run('cargo', ['build', '--quiet', '--bin', 'eric'], { cwd: inRoot() });
    server = spawn(inRoot('target/debug/eric'), ['serve', '--socket', socket], { stdio: 'ignore' });
    for (let waited = 0; !existsSync(socket); waited++) {
      assert.ok(waited < 500, 'the server does not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { stdout } = await run(interpreter, [inRoot('tests/python/reference.py'), socket], { timeout: 60_000 });
    calls = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  }, { timeout: 600_000 });
  after(async () => {
    const ended = server && new Promise((resolve) => server.once('exit', resolve));
    server?.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const results = (name) => calls.filter(([called]) => called === name).map(([, result]) => result);

  test('all its methods were called', (context) => {
    assert.deepEqual(calls.at(-1), ['not called', []]);
    context.diagnostic([...new Set(calls.slice(0, -1).map(([name]) => name))].join(', '));
  });

  test('ids are bare UUIDs', () => {
    const [channel] = results('create_channel');
    const [one, other] = results('register');
    for (const id of [channel, one, other]) assert.match(id, UUID);
    assert.notEqual(one, other);
  });

  test('what is accepted is answered with ack, and nothing else', () => {
    assert.deepEqual(results('broadcast_message'), ['ack', 'ack', 'ack']);
    assert.deepEqual(results('dispatch').slice(0, 2), ['ack', 'ack']);
    assert.deepEqual(results('remove_listener'), ['ack']);
    assert.deepEqual(results('remove_channel'), ['ack']);
  });

  test('streams give what was sent, in order, with its payload as it was', () => {
    const [first, second, third] = results('stream').map((lines) => lines.map(({ event, data, retry }) => [event, data, retry]));
    const news = ['news', 'hello everybody', 15_000];
    const count = ['count', 3, 15_000];
    assert.deepEqual(first, [news, ['news', { to: ['you', 1, 2.5, null, true, 'é😀'] }, 15_000], count]);
    assert.deepEqual(second, [news, count]);
    assert.deepEqual(third, [['late', 1.5, 15_000], ['late', 'two\nlines', 15_000]]);
  });

  test('errors name the exception', () => {
    const refusals = [results('dispatch').at(-1), results('register').at(-1), results('send_payload').at(-1)].map((text) => JSON.parse(text).error);
    assert.deepEqual(refusals.map(({ code }) => code), ['ERIC_INVALID_LISTENER', 'ERIC_INVALID_CHANNEL', 'ERIC_INVALID_MESSAGE']);
    assert.deepEqual(refusals.map(({ message }) => /Invalid\w+/.exec(message)?.[0]), ['InvalidListenerException', 'InvalidChannelException', 'InvalidMessageFormat']);
  });
});

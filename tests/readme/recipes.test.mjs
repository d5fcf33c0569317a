// The recipes that are small programs of their own: a server of Node and its page.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { serve } from './served.mjs';

const ANSWER = 'You asked: What is SSE? This is the answer.';

describe("the recipe of a model's tokens", { timeout: 60_000 }, () => {
  const here = serve('jobs.mjs', 'jobs.html', (source) => source.replace('KEEP_SECONDS = 60', 'KEEP_SECONDS = 1'));
  const start = async () =>
    `${here.url}/jobs/${await (await fetch(`${here.url}/jobs`, { method: 'POST', body: 'What is SSE?' })).text()}`;
  const textOf = (events) =>
    events
      .filter(({ type }) => type === 'token')
      .map(({ data }) => data)
      .join('')
      .trim();

  test('a client that is cut off receives the rest, and another one the whole answer', async () => {
    const job = await start();
    const first = await subscribe(job);
    const events = await first.reader.events(3);
    first.leave();
    const rest = await subscribe(job, { headers: { 'Last-Event-ID': events.at(-1).lastEventId } });
    events.push(...(await rest.reader.events(7)));
    assert.equal(textOf(events), ANSWER);
    assert.equal(events.at(-1).type, 'done');
    rest.leave();
    const late = await subscribe(job);
    assert.equal(textOf(await late.reader.events(10)), ANSWER);
    late.leave();
  });

  test('a job that is stopped says so, and goes no further', async () => {
    const job = await start();
    const { reader } = await subscribe(job);
    await reader.events(2);
    assert.equal((await fetch(job, { method: 'DELETE' })).status, 204);
    // The response ends when the job is forgotten.
    await reader.rest();
    const types = reader.decoder.events.map(({ type }) => type);
    assert.deepEqual(types.slice(-2), ['stopped', '_eric_channel_closed']);
    assert.ok(types.length < 8, `${types}`);
  });

  test('an open response ends when the job is forgotten, and the job is unknown then', async () => {
    const job = await start();
    const { reader } = await subscribe(job);
    const events = await reader.events(11);
    assert.deepEqual(
      events.slice(-2).map(({ type }) => type),
      ['done', '_eric_channel_closed'],
    );
    assert.equal((await fetch(job)).status, 404);
  });

  test('a request that breaks off does not end the server', () => here.breakOff('/jobs'));

  test('a page that is reloaded shows the same answer, and starts no other job', async () => {
    const page = await here.browser.newPage();
    let started = 0;
    page.on('request', (request) => (started += Number(request.method() === 'POST')));
    await page.goto(here.url);
    const shown = async () => (await page.locator('output').textContent()).trim();
    await until(shown, (text) => text.startsWith('You asked:'), 'the first tokens');
    await page.reload();
    await until(
      () => page.title(),
      (title) => title === 'done',
      'the end',
    );
    assert.equal(await shown(), ANSWER);
    assert.equal(started, 1);
    await until(
      () => page.evaluate(() => fetch(sessionStorage.job, { method: 'HEAD' }).then(({ status }) => status)),
      (status) => status === 404,
      'the job is forgotten',
    );
    await page.reload();
    await until(shown, (text) => text.startsWith('You asked:'), 'the tokens of another job');
    assert.equal(started, 2);
    await page.close();
  });
});

describe('the recipe of a chat', { timeout: 60_000 }, () => {
  const here = serve('chat.mjs', 'chat.html', (source) =>
    source.replace('RESUME_SECONDS = 10', 'RESUME_SECONDS = 0.2'),
  );
  const join = (page, more = '') => subscribe(`${here.url}/rooms/lobby?page=${page}&name=${page}${more}`);
  const say = (page, body, room = 'lobby') => fetch(`${here.url}/rooms/${room}?page=${page}`, { method: 'POST', body });

  test('everybody else in the room receives what is said, and who is here', async () => {
    const [anna, ben] = [await join('anna'), await join('ben')];
    assert.equal((await say('ben', 'hello')).status, 204);
    const events = await anna.reader.events(3);
    assert.deepEqual(
      events.map(({ type, data }) => [type, JSON.parse(data)]),
      [
        ['here', ['anna']],
        ['here', ['anna', 'ben']],
        ['said', { name: 'ben', text: 'hello' }],
      ],
    );
    const quiet = await join('carl', '&quiet');
    await say('anna', 'hi');
    const [first] = await quiet.reader.events(1);
    assert.deepEqual(JSON.parse(first.data), { name: 'anna', text: 'hi' });
    for (const { leave } of [anna, ben, quiet]) leave();
  });

  test('a page that reconnects is still here, and misses nothing', async () => {
    const [dora, emil] = [await join('dora'), await join('emil')];
    const [, { lastEventId }] = await dora.reader.events(2);
    dora.leave();
    await say('emil', 'are you there?');
    await say('dora', 'my own words');
    const again = await subscribe(`${here.url}/rooms/lobby?page=dora&name=dora`, {
      headers: { 'Last-Event-ID': lastEventId },
    });
    const said = (await again.reader.events(3)).filter(({ type }) => type === 'said');
    assert.deepEqual(
      said.map(({ data }) => JSON.parse(data).text),
      ['are you there?'],
    );
    again.leave();
    const present = () => JSON.parse(emil.reader.decoder.events.filter(({ type }) => type === 'here').at(-1).data);
    await emil.reader.chunk();
    while (present().includes('dora')) await emil.reader.chunk();
    assert.ok(present().includes('emil'));
    emil.leave();
  });

  test('a request that breaks off does not end the server', async () => {
    const { leave } = await join('fred');
    await here.breakOff('/rooms/lobby?page=fred');
    await here.breakOff('//');
    leave();
  });

  test('an unknown room, and a page that has not joined, are refused', async () => {
    assert.equal((await fetch(`${here.url}/rooms/cellar?page=a`)).status, 404);
    assert.equal((await fetch(`${here.url}/rooms/lobby`)).status, 404);
    assert.equal((await say('stranger', 'hello')).status, 403);
  });

  test('two pages see what each other says', async () => {
    const open = async (name) => {
      const page = await here.browser.newPage();
      page.on('dialog', (dialog) => dialog.accept(name));
      await page.goto(here.url);
      await until(
        () => page.locator('p').textContent(),
        (text) => text.includes(name),
        `${name} is here`,
      );
      return page;
    };
    const [fred, gina] = [await open('fred'), await open('gina')];
    await gina.locator('input').fill('hello');
    await gina.locator('input').press('Enter');
    await until(
      () => fred.locator('ul').textContent(),
      (text) => text === 'gina: hello',
      'fred sees it',
    );
    assert.equal(await gina.locator('ul').textContent(), 'you: hello');
    await gina.close();
    await until(
      () => fred.locator('p').textContent(),
      (text) => !text.includes('gina'),
      'gina has left',
    );
    await fred.close();
  });

  test('SIGTERM ends the process within its drain and two seconds', async () => {
    const { response } = await join('hans');
    const began = performance.now();
    here.server.kill('SIGTERM');
    await response.text().catch(() => {});
    if (here.server.exitCode === null) await once(here.server, 'exit');
    assert.ok(performance.now() - began < 3000);
  });
});

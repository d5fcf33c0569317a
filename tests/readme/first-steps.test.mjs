// The first steps of the guide, in the order in which a new user takes them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { fence } from './documents.mjs';
import { serve } from './served.mjs';

/** What a terminal of the page shows: its command, and what follows. */
function terminal(name) {
  const [command = '', ...lines] = fence('terminal', name).text.split('\n');
  return { command, output: shaped(lines.join('\n')) };
}

/** Text without what differs between runs: epochs are numbered as they come. @param {string} text */
function shaped(text) {
  const epochs = new Map();
  const nameOf = (epoch) => epochs.get(epoch) ?? (epochs.set(epoch, `EPOCH${epochs.size}`), epochs.get(epoch));
  return text.replace(/\b[0-9a-f]{12}(?=-\d)/g, nameOf).trimEnd();
}

describe('the first steps', { timeout: 60_000 }, () => {
  const here = serve('news.mjs', 'news.html');
  const send = (body) => fetch(here.url, { method: 'POST', body }).then((response) => response.text());
  const resume = (id) => subscribe(`${here.url}/events`, { headers: { 'Last-Event-ID': id } });
  let epoch;
  let page;

  test('a headline reaches the page and the terminal', async () => {
    page = await here.browser.newPage();
    await page.goto(here.url);
    const shown = terminal('news stream');
    assert.equal(shown.command, '$ curl -N localhost:8080/events');
    const { reader, leave } = await subscribe(`${here.url}/events`);
    await reader.chunk();
    const sent = terminal('news sent');
    assert.equal(sent.command, "$ curl -d 'it works' localhost:8080");
    assert.equal(shaped(await send('it works')), sent.output);
    await reader.events(1);
    assert.equal(shaped(reader.text), shown.output);
    [epoch] = reader.decoder.lastEventId.split('-');
    leave();
    await until(
      () => page.locator('ul').textContent(),
      (text) => text === 'it works',
      'the page shows it',
    );
  });

  test('a request that breaks off does not end the server', () => here.breakOff('/'));

  test('a client that reconnects with its last id receives the headlines that it has missed', async () => {
    for (const text of ['two', 'three']) await send(text);
    const { command, output } = terminal('news again');
    assert.match(command, /^\$ curl -N -H 'Last-Event-ID: [0-9a-f]{12}-1' localhost:8080\/events$/);
    const { reader, leave } = await resume(`${epoch}-1`);
    await reader.events(2);
    assert.equal(shaped(reader.text), output);
    leave();
  });

  test('after a restart a client with an old id receives a gap', async () => {
    await here.stop();
    await here.start();
    const { command, output } = terminal('news gap');
    assert.match(command, /^\$ curl -N -H 'Last-Event-ID: [0-9a-f]{12}-3' localhost:8080\/events$/);
    const { reader, leave } = await resume(`${epoch}-3`);
    await reader.events(1);
    assert.equal(shaped(reader.text), output);
    leave();
    await page.close();
  });
});

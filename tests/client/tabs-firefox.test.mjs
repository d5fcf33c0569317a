// Frames of Firefox share one connection. Removing a frame is what closing a tab is: its lock is
// given up. The page does it all by itself, as there is no driver.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureFirefox } from '../../scripts/lib/browser.mjs';
import { startFirefox } from '../js/lib/firefox.mjs';
import { html, tabServer } from './lib/tab-server.mjs';

const FRAMES = 8;

/** Opens the frames, removes the first ones one after another, and posts what the others got. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><script type="module">
  const wait = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20)); };
  const ask = async (path) => (await fetch(path)).json();
  const frames = [];
  for (let count = 0; count < ${FRAMES}; count++) {
    const frame = document.createElement('iframe');
    frame.src = '/';
    document.body.append(frame);
    await wait(() => frame.contentWindow.loaded);
    frame.contentWindow.begin('/events');
    await wait(() => frame.contentWindow.connection.state === 'open');
    frames.push(frame);
  }
  const connections = await ask('/listeners');
  await ask('/begin');
  for (let closed = 0; closed < ${FRAMES - 2}; closed++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = await ask('/requests');
    frames.shift().remove();
    while ((await ask('/requests')) === before) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const last = await ask('/end');
  await wait(() => frames.every((frame) => frame.contentWindow.got.at(-1) === last));
  const got = frames.map((frame) => [...frame.contentWindow.got]);
  await fetch('/told', { method: 'POST', body: JSON.stringify({ connections, last, got, after: await ask('/listeners') }) });
</script><body></body>`;

test(`${FRAMES} frames have one connection; its leader is closed ${FRAMES - 2} times, and no frame loses or repeats an event`, {
  timeout: 120_000,
}, async (context) => {
  let sender;
  let sent = 0;
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  const server = await tabServer({
    '/frames': () => html(PAGE),
    '/listeners': () => Response.json(server.channel.listenerCount),
    '/requests': () => Response.json(server.requests.length),
    '/begin': () => {
      sender = setInterval(() => server.send(sent++), 3);
      return Response.json(null);
    },
    '/end': () => {
      clearInterval(sender);
      server.send(sent);
      return Response.json(sent);
    },
    '/told': async (request) => {
      tell(await request.json());
      return Response.json(null);
    },
  });
  const firefox = startFirefox(await ensureFirefox(), `${server.url}/frames`);
  context.after(async () => {
    clearInterval(sender);
    await firefox.end();
    await server.close();
  });
  const { connections, last, got, after } = await told;
  assert.deepEqual([connections, after], [1, 1]);
  const all = Array.from({ length: last + 1 }, (_, payload) => payload);
  assert.deepEqual(got, [all, all]);
  context.diagnostic(`${all.length} events over ${server.requests.length} connections, one after another`);
});

// Tabs that share a connection, in a browser in memory: what happens at the same time does so in
// thousands of random orders.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectShared } from 'eric-sse/client';
import { Random } from '../js/suite/lib/random.mjs';
import { simulatedBrowser } from './lib/simulated-browser.mjs';
import { simulatedStream } from './lib/simulated-stream.mjs';

const SEED = Number(process.env.ERIC_SSE_SEED ?? 24301);
const ROUNDS = Number(process.env.ERIC_SSE_ROUNDS ?? 30);

/**
 * Tabs open, close, are stuck and lose the network while events are sent. Returns what is wrong,
 * and what happened. In a calm round no tab is stuck or continues after an ID of its own, and there
 * is no gap.
 */
async function round(seed, isCalm) {
  const random = new Random(seed);
  const browser = simulatedBrowser(random);
  const stream = simulatedStream(browser, random);
  const tabs = [];
  const log = [];
  const open = (id) => {
    const tab = Object.assign(browser.open(), { name: `tab ${tabs.length}`, id, got: [], connection: undefined });
    tabs.push(tab);
    log.push(`${browser.now()}: ${tab.name} opens${id ? ` after ${id}` : ''}`);
    browser.inTab(tab, () => {
      tab.connection = connectShared('http://server.example/', {
        fetch: stream.fetchOf(tab),
        maxRetryMilliseconds: 50,
        lastEventId: id,
      });
      void (async () => {
        for await (const { type, data } of tab.connection) tab.got.push(type === 'n' ? data : { type, ...data });
      })();
    });
  };
  const isOpen = (tab) => !tab.closed;
  try {
    const first = random.chance(50) ? 1 : 4;
    for (let count = 0; count < first; count++) open(isCalm || random.chance(50) ? undefined : stream.id());
    for (let step = 0; step < 120; step++) {
      await browser.runUntil(browser.now() + random.below(random.chance(95) ? 20 : 6000));
      const here = tabs.filter(isOpen);
      const tab = random.pick(here);
      const what = random.below(100);
      if (what < 70) stream.send(random.chance(95) ? 1 : 1 + random.below(isCalm ? 500 : 1500));
      else if (what < 80 && here.length < 6) open(isCalm || random.chance(50) ? undefined : stream.id());
      else if (what < 90 && here.length > 1) {
        const leaving = random.chance(60) ? (browser.leader() ?? tab) : tab;
        if (!isOpen(leaving)) continue;
        if (random.chance(50)) {
          log.push(`${browser.now()}: ${leaving.name} is killed`);
          browser.kill(leaving);
          stream.left(leaving);
        } else {
          log.push(`${browser.now()}: ${leaving.name} closes`);
          browser.inTab(leaving, () => leaving.connection.close());
          await browser.runUntil(browser.now());
          browser.kill(leaving);
        }
      } else if (what < 94 && !isCalm) {
        tab.stuckUntil = browser.now() + random.below(8000);
        log.push(`${browser.now()}: ${tab.name} is stuck until ${tab.stuckUntil}`);
      } else if (what < 97) {
        log.push(`${browser.now()}: the network breaks`);
        stream.cut();
      }
    }
    await browser.runUntil(browser.now() + 40_000);
    stream.send();
    await browser.runUntil(browser.now() + 40_000);
    const wrong = [];
    for (const { name, id, got } of tabs.filter(isOpen)) {
      let last = id ? Number(id.slice(2)) : got[0]?.from ? Number(got[0].from.slice(2)) : got[0] - 1;
      for (const [index, data] of got.entries()) {
        // A gap that says what is missing is no loss.
        const isGap =
          !isCalm && data.reason === 'expired' && data.from === `e-${last}` && Number(data.to.slice(2)) > last;
        if (!isGap && data !== last + 1) {
          wrong.push(
            `${name}: ${JSON.stringify(got.slice(Math.max(0, index - 2), index + 3))} where ${last + 1} was due`,
          );
          break;
        }
        last = isGap ? Number(data.to.slice(2)) : data;
      }
      if (last !== stream.sent()) wrong.push(`${name}: nothing behind ${last}, of ${stream.sent()}`);
    }
    if (stream.listeners.size !== 1) wrong.push(`${stream.listeners.size} connections`);
    return wrong.length > 0 ? [...wrong, ...log] : [];
  } finally {
    for (const tab of tabs) browser.kill(tab);
    browser.restore();
  }
}

test(`tabs that come and go while events are sent lose none and repeat none, in ${ROUNDS} rounds from seed ${SEED}`, {
  timeout: 300_000,
}, async () => {
  for (let seed = SEED; seed < SEED + ROUNDS; seed++)
    assert.deepEqual(await round(seed, seed % 2 === 0), [], `with seed ${seed}`);
});

// Replay and live traffic are joined without a seam. A client that reconnects while messages are
// sent gets every message after its last event ID, once and in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { served } from '../js/lib/site.mjs';
import { subscribe, until } from '../js/lib/sse-client.mjs';
import { BodyReader } from '../js/suite/lib/body.mjs';
import { seeded } from './lib/seeded.mjs';

/**
 * How far back a client comes from at most, and how many it reads of what was sent after it came.
 */
const BACK = 700;
const LIVE = 200;

/**
 * Publishes numbered messages until it is stopped: in bursts, between which turns or microtasks
 * pass.
 */
class Publisher {
  sent = 0;
  bursts = 0;
  stopped = false;
  /** Called in the middle of a burst, once each. @type {(() => void)[]} */
  inBurst = [];

  /** @param {SSEChannel} channel @param {import('../js/suite/lib/random.mjs').Random} random */
  constructor(channel, random) {
    this.channel = channel;
    this.random = random;
    [this.epoch] = channel.lastEventId.split('-');
  }

  send() {
    this.channel.broadcast({ type: 'n', payload: ++this.sent });
  }

  async run() {
    while (!this.stopped) {
      const burst = 1 + this.random.below(30);
      this.bursts++;
      for (let sent = 0; sent < burst; sent++) {
        this.send();
        if (this.random.chance(30)) this.inBurst.shift()?.();
      }
      const pause = this.random.below(10);
      if (pause < 4) for (let turn = 0; turn < pause; turn++) await undefined;
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** An event id from before now: broadcasts are numbered from 1. */
  idBefore() {
    const back = this.random.below(Math.min(BACK, this.sent) + 1);
    return { from: this.sent - back, id: `${this.epoch}-${this.sent - back}` };
  }

  /**
   * Waits for a moment at random: at once, some microtasks or turns later, or in the middle of a
   * burst.
   */
  async moment() {
    const kind = this.random.below(4);
    if (kind === 1) for (let turn = this.random.below(5); turn >= 0; turn--) await undefined;
    if (kind === 2)
      for (let turn = this.random.below(3); turn >= 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    return kind;
  }
}

/** Runs something while it is published. @param {import('node:test').TestContext} context @param {(publisher: Publisher, random: import('../js/suite/lib/random.mjs').Random) => Promise<void>} run */
async function whilePublishing(context, run) {
  const random = seeded(context);
  const channel = new SSEChannel({ history: { messages: 4096, bytes: Infinity } });
  const publisher = new Publisher(channel, random);
  for (let sent = 0; sent < BACK; sent++) publisher.send();
  const publishing = publisher.run();
  try {
    await run(publisher, random);
  } finally {
    publisher.stopped = true;
    await publishing;
  }
  await until(
    () => channel.listenerCount,
    (count) => count === 0,
    'listeners',
  );
  const { replayed, ended } = channel.stats();
  context.diagnostic(
    `${publisher.sent} messages in ${publisher.bursts} bursts, ${replayed} replayed, ends ${JSON.stringify(ended)}`,
  );
}

/**
 * How what a client has got differs from what follows.
 * @param {{ type?: string, event?: string, data: unknown, lastEventId?: string, id?: string }[]} events
 * @param {number} from @param {string} epoch
 */
function faultsIn(events, from, epoch) {
  const faults = { gaps: 0, missing: 0, duplicates: 0, ids: 0 };
  let last = from;
  for (const { type, event = type, data, lastEventId, id = lastEventId } of events) {
    if (event === '_eric_gap') faults.gaps++;
    else {
      const number = Number(data);
      if (number <= last) faults.duplicates++;
      else faults.missing += number - last - 1;
      if (id !== `${epoch}-${number}`) faults.ids++;
      last = number;
    }
  }
  return faults;
}

/** @param {import('node:test').TestContext} context @param {string[]} kinds @param {object[]} all */
function report(context, kinds, all) {
  const sum = (what) => all.reduce((total, { faults }) => total + faults[what], 0);
  context.diagnostic(
    `${all.length} clients (${kinds.map((kind) => `${all.filter((one) => one.kind === kind).length} ${kind}`).join(', ')}), ${all.reduce((total, { events }) => total + events, 0)} events: ${sum('missing')} missing, ${sum('duplicates')} twice, ${sum('gaps')} told as gaps`,
  );
  for (const fault of ['gaps', 'missing', 'duplicates', 'ids']) assert.equal(sum(fault), 0, fault);
}

const KINDS = ['at once', 'after microtasks', 'after turns', 'in the middle of a burst'];

test('1000 clients reconnect during publishing, in this process: no gap, nothing twice', {
  timeout: 120_000,
}, async (context) => {
  const all = [];
  await whilePublishing(context, async (publisher, random) => {
    const { channel, epoch } = publisher;
    const body = ({ id, ...options }) => {
      const headers = { 'Last-Event-ID': id };
      const reader = new BodyReader(channel.response(new Request('http://localhost/events', { headers }), options));
      return {
        events: async (count) => void (await reader.events(count)),
        got: () => reader.decoder.events,
        end: () => reader.cancel(),
      };
    };
    const iterator = ({ id }) => {
      const stream = channel.watch({ lastEventId: id });
      const events = [];
      return {
        async events(count) {
          while (events.length < count) events.push((await stream.next()).value);
        },
        got: () => events,
        end: () => stream.return(),
      };
    };
    const one = async (open) => {
      const kind = await publisher.moment();
      let client, at, from;
      const join = () => {
        at = publisher.sent;
        const { id, ...before } = publisher.idBefore();
        from = before.from;
        client = open({ id });
      };
      if (kind === 3) await new Promise((resolve) => publisher.inBurst.push(() => resolve(join())));
      else join();
      // Not read at once either, now and then.
      if (random.chance(50)) await publisher.moment();
      await client.events(at - from + random.below(LIVE));
      await client.end();
      all.push({ kind: KINDS[kind], events: client.got().length, faults: faultsIn(client.got(), from, epoch) });
    };
    const rows = Array.from({ length: 8 }, async () => {
      for (let cycle = 0; cycle < 125; cycle++) await one(cycle % 4 === 3 ? iterator : body);
    });
    await Promise.all(rows);
  });
  assert.equal(all.length, 1000);
  report(context, KINDS, all);
});

test('300 clients reconnect during publishing, over HTTP: no gap, nothing twice', {
  timeout: 120_000,
}, async (context) => {
  const all = [];
  await whilePublishing(context, async (publisher, random) => {
    const server = await served((request) => publisher.channel.response(request));
    try {
      const rows = Array.from({ length: 6 }, async () => {
        for (let cycle = 0; cycle < 50; cycle++) {
          const { from, id } = publisher.idBefore();
          const at = publisher.sent;
          const { reader, leave } = await subscribe(server.url, { headers: { 'Last-Event-ID': id } });
          const events = await reader.events(at - from + random.below(LIVE));
          leave();
          all.push({ kind: 'over HTTP', events: events.length, faults: faultsIn(events, from, publisher.epoch) });
        }
      });
      await Promise.all(rows);
    } finally {
      await server.close();
    }
  });
  assert.equal(all.length, 300);
  report(context, ['over HTTP'], all);
});

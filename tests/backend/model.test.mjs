// Random walks of processes, crashes and clients, beside a plain list of what was sent.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openChannel } from 'eric-sse/backend';
import { seeded } from '../guarantees/lib/seeded.mjs';
import { until } from '../js/lib/sse-client.mjs';
import { client } from './lib/clients.mjs';
import { memoryStore } from './lib/memory.mjs';

const WALKS = 30;
const STEPS = 60;
const HISTORY = { messages: 40, bytes: 2 ** 20, seconds: 300 };
const PROCESSES = 3;
const CLIENTS = 6;

/** A client that keeps its id, and what it must have received. */
class Reader {
  constructor(name) {
    this.name = name;
    this.id = undefined;
    /** Every text that it was given, and each counted gap as so many times `undefined`. */
    this.seen = [];
    /** How many messages there were when it first came. */
    this.from = undefined;
    this.stream = undefined;
  }

  take() {
    for (const { type, data, lastEventId } of this.stream.events.slice(this.taken)) {
      if (type === '_eric_gap') {
        const gap = JSON.parse(data);
        assert.equal(gap.reason, 'expired', data);
        this.seen.push(...Array.from({ length: gap.missed }));
      } else this.seen.push(data);
      this.number = Number(lastEventId.split('-')[1]);
    }
    this.taken = this.stream.events.length;
    this.id = this.stream.lastEventId || this.id;
  }

  async leave() {
    if (!this.stream) return;
    this.take();
    await this.stream.leave();
    this.stream = undefined;
  }
}

for (const late of [false, true])
  describe(`over a backend that answers ${late ? 'later' : 'at once'}`, { timeout: 120_000 }, () => {
    test(`${WALKS} walks: every client is given every message of its own once, in order, or counted`, async (context) => {
      const random = seeded(context);
      for (let walk = 0; walk < WALKS; walk++) await walked(random, late);
    });
  });

async function walked(random, late) {
  const store = memoryStore({ late });
  // Some answers are lost, and some calls do not arrive.
  const fails = () => {
    if (random.below(20) === 0) throw new Error('the connection broke');
  };
  const open = () => openChannel('a', store.connect(), { history: HISTORY, retryTimeoutMilliseconds: 1000 });
  let processes = await Promise.all(Array.from({ length: PROCESSES }, open));
  const isAppend = (call) => call === 'append';
  store.before = (call) => isAppend(call) && fails();
  store.after = store.before;
  const readers = Array.from({ length: CLIENTS }, (_, at) => new Reader(`r${at}`));
  /** What was sent, with the one that it is for, by its number. */
  const sent = [];

  const connect = async (reader) => {
    const channel = random.pick(processes);
    const newest = Number(channel.lastEventId.split('-')[1]);
    const stream = client(channel, reader.id, { listener: reader.name, queue: { messages: 1000 } });
    // Its id, or the time after which to reconnect.
    await stream.read();
    if (!stream.lastEventId) return;
    reader.stream = stream;
    reader.taken = 0;
    reader.from ??= newest;
    reader.take();
  };

  for (let step = 0; step < STEPS; step++) {
    const action = random.below(10);
    if (action < 5) {
      const channel = random.pick(processes);
      const count = 1 + random.below(4);
      const sends = Array.from({ length: count }, async () => {
        const text = String(random.below(1e9));
        const to = random.below(3) === 0 ? random.pick(readers).name : undefined;
        const except = !to && random.below(4) === 0 ? random.pick(readers).name : undefined;
        const message = { type: 'n', payload: text };
        const id = await (to ? channel.dispatch(to, message) : channel.broadcast(message, { except }));
        const number = Number(id.split('-')[1]);
        assert.equal(sent[number], undefined, `${number} was issued twice`);
        sent[number] = { text, to, except };
      });
      await Promise.all(sends);
    } else if (action < 8) {
      const reader = random.pick(readers);
      if (reader.stream) await reader.leave();
      else await connect(reader);
    } else if (action === 8) {
      for (const reader of readers) await reader.leave();
      for (const channel of processes) await channel.leave();
      store.crash();
      processes = await Promise.all(Array.from({ length: PROCESSES }, open));
    } else await new Promise((resolve) => setTimeout(resolve, random.below(5)));
  }

  const newest = sent.length - 1;
  for (const channel of processes)
    await until(
      () => Number(channel.lastEventId.split('-')[1]) || 0,
      (number) => number >= Math.max(newest, 0),
      'the newest id',
    );
  for (const reader of readers) {
    while (!reader.stream) await connect(reader);
  }
  const marked = await processes[0].broadcast({ type: 'n', payload: 'end' });
  assert.equal(Number(marked.split('-')[1]), Math.max(newest, 0) + 1);
  for (const reader of readers) {
    while (reader.seen.at(-1) !== 'end') {
      await reader.stream.read();
      reader.take();
    }
    const own = [];
    for (let number = reader.from + 1; number <= newest; number++) own.push(sent[number]);
    agree(reader, own);
    await reader.leave();
  }
  for (const channel of processes) await channel.leave();
}

/** Compares what a reader was given with what was sent since it came. */
function agree({ name, seen }, sent) {
  const isFor = ({ to, except }) => (to === undefined || to === name) && except !== name;
  let at = 0;
  for (let index = 0; index < sent.length; index++) {
    // A gap counts every message, also those for others.
    if (seen[at] === undefined && at < seen.length) at++;
    else if (isFor(sent[index])) assert.equal(seen[at++], sent[index].text, `${name} at ${index} of ${sent.length}`);
  }
  assert.equal(seen[at], 'end');
  assert.equal(seen.length, at + 1);
}

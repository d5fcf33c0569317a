// One id resumes several channels, against a plain model. A client is cut at any byte, and adds and
// drops channels. It receives every message once and in order, and gaps that are exact.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelContainer } from 'eric-sse';
import { Multiplexer } from 'eric-sse/multiplex';
import { seeded } from '../guarantees/lib/seeded.mjs';
import { ModelChannel, ModelClient } from './lib/model.mjs';

const NAMES = ['prices', 'chat, new', 'ä@b', 'news', 'a', 'b'];
const KEPT = 6;
const ROUNDS = 300;

/** Channels, and the same in the model. */
class Scene {
  container = new ChannelContainer();
  // A heartbeat ends a read that finds nothing.
  multiplexer = new Multiplexer(this.container, {
    authorize: () => true,
    queue: { messages: Infinity, bytes: Infinity },
    heartbeatSeconds: 0.02,
  });
  model = new Map(NAMES.map((name) => [name, new ModelChannel(KEPT)]));
  #payload = 0;

  open(name) {
    const channel = this.container.add({ id: name, history: { messages: KEPT } });
    this.model.get(name).open(channel.lastEventId.split('-')[0]);
  }

  close(name) {
    this.container.rm(name);
    this.model.get(name).isOpen = false;
  }

  send(name) {
    const payload = this.#payload++;
    this.container.get(name).broadcast({ type: 'n', payload });
    this.model.get(name).life.sent.push(payload);
  }

  get opened() {
    return NAMES.filter((name) => this.model.get(name).isOpen);
  }

  /** Sends, opens or closes something. @param {import('../js/suite/lib/random.mjs').Random} random */
  act(random) {
    const [name, isOpen] = [random.pick(NAMES)].flatMap((one) => [one, this.model.get(one).isOpen]);
    if (isOpen && random.chance(90)) this.send(name);
    else if (!isOpen && random.chance(40)) this.open(name);
    else if (isOpen && this.opened.length > 2 && random.chance(40)) this.close(name);
  }
}

const requestFor = (names, id) =>
  new Request(`http://events.example/?${new URLSearchParams(names.map((name) => ['channel', name]))}`, {
    headers: id === '' ? {} : { 'Last-Event-ID': id },
  });

test(`${ROUNDS} responses are cut at any byte, with other channels each time`, { timeout: 60_000 }, async (context) => {
  const random = seeded(context);
  // A heartbeat does not keep a process running.
  const running = setInterval(() => {}, 1000);
  context.after(() => clearInterval(running));
  const scene = new Scene();
  for (const name of NAMES.slice(0, 4)) scene.open(name);
  const client = new ModelClient(scene.model);
  for (let round = 0; round < ROUNDS; round++) {
    const names = NAMES.filter(() => random.chance(60));
    if (!names.some((name) => scene.opened.includes(name))) names.push(scene.opened[0]);
    const response = await scene.multiplexer.response(requestFor([...new Set(names)], client.lastEventId));
    client.begin([...new Set(names)]);
    const reader = response.body.getReader();
    for (let turn = random.below(6); turn >= 0; turn--) {
      for (let acts = random.below(20); acts > 0; acts--) scene.act(random);
      const { done, value } = await reader.read();
      if (done) break;
      // The rest of a chunk that is cut never comes.
      const isCut = turn === 0 && random.chance(70);
      client.push(isCut ? value.subarray(0, random.below(value.length + 1)) : value);
    }
    await reader.cancel();
    for (let acts = random.below(8); acts > 0; acts--) scene.act(random);
  }
  // Undisturbed, it catches up.
  const response = await scene.multiplexer.response(requestFor(NAMES, client.lastEventId));
  client.begin(NAMES);
  const reader = response.body.getReader();
  while (
    NAMES.some((name) => scene.model.get(name).isOpen && client.positions.get(name) !== scene.model.get(name).position)
  )
    client.push((await reader.read()).value);
  client.checkComplete();
  await reader.cancel();
  context.diagnostic(JSON.stringify(client.counts));
  assert.ok(client.counts.messages > 500 && client.counts.gaps > 20 && client.counts.closings > 20);
  for (const channel of scene.container) assert.equal(channel.listenerCount, 0);
});

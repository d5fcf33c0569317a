// The package several times in one process: as an ES module, as CommonJS, and in another folder, in
// both formats. The folder is the first argument. Prints what each copy sees of the others.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as esm from 'eric-sse';

const elsewhere = process.argv[2];
const [near, far] = [createRequire(import.meta.url), createRequire(`${elsewhere}/x.cjs`)];
const copies = [
  esm,
  near('eric-sse'),
  await import(String(pathToFileURL(far.resolve('eric-sse').replace(/\.cjs$/, '.js')))),
  far('eric-sse'),
];
const pairs = copies.flatMap((one) => copies.map((other) => [one, other])).filter(([one, other]) => one !== other);

/** Runs for each pair of copies. */
const each = async (run) => Promise.all(pairs.map(([one, other], i) => run(one, other, i)));
const text = (payload) => ({ type: 'news', payload });
const failure = (call) => {
  try {
    return String(call());
  } catch ({ name, message }) {
    return `${name}: ${message}`;
  }
};

const seen = {
  copies: new Set(copies.map(({ SSEChannel }) => SSEChannel)).size,
  named: new Set(copies.map(({ SSEChannel }) => SSEChannel.named('news'))).size,
  // What one copy sends, a response of the other has.
  sent: await each(async ({ SSEChannel }, other, i) => {
    const reader = SSEChannel.named(`sent ${i}`).response().body.getReader();
    await reader.read();
    other.SSEChannel.named(`sent ${i}`).broadcast(new other.Message('news', i));
    const { value } = await reader.read();
    await reader.cancel();
    return new TextDecoder().decode(value).includes(`data: ${i}\n`);
  }),
  redefined: await each(async ({ SSEChannel }, other, i) => {
    const channel = SSEChannel.named(`redefined ${i}`);
    const reader = channel.response().body.getReader();
    const same = other.SSEChannel.named(`redefined ${i}`, { retryTimeoutMilliseconds: i }) === channel;
    while (!(await reader.read()).done);
    return same && channel.retryTimeoutMilliseconds === i;
  }),
  // A listener of the other copy is a listener.
  listeners: await each(async ({ SSEChannel }, { MessageQueueListener }) => {
    const channel = new SSEChannel();
    const got = [];
    const listener = new MessageQueueListener({ onMessage: ({ payload }) => got.push(payload) });
    channel.registerListener(listener);
    listener.startSync();
    channel.broadcast(text('to all'));
    channel.dispatch(listener.id, text('to one'));
    channel.broadcast(text('to others'), { except: listener });
    channel.deliverNext(listener.id);
    channel.deliverNext(listener.id);
    const { delivered } = listener.stats();
    const stream = channel.messageStream(listener);
    const waiting = stream.next();
    listener.stopSync();
    const { done } = await waiting;
    channel.removeListener(listener.id);
    listener.startSync();
    return [...got, delivered, done, channel.listenerCount].join();
  }),
  overridden: await each(async ({ SSEChannel }, { MessageQueueListener }) => {
    const got = [];
    class Noted extends MessageQueueListener {
      onMessage({ payload }) {
        got.push(payload);
      }
    }
    const channel = new SSEChannel();
    const stream = channel.watch({ listener: new Noted() });
    channel.broadcast(text(1));
    await stream.next();
    await stream.return();
    return got.join();
  }),
  // A channel that closes stops the other copy's listener at every channel.
  stopped: await each(async ({ SSEChannel }, { MessageQueueListener }) => {
    const listener = new MessageQueueListener();
    const channels = [new SSEChannel(), new SSEChannel()];
    const [stream] = channels.map((channel) => channel.watch({ listener }));
    channels[0].close();
    for await (const _ of stream);
    return listener.isRunningSync();
  }),
  responses: await each(async ({ SSEChannel }, { MessageQueueListener }) => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener();
    const { body } = channel.response(null, { listener, resumeSeconds: 0.01 });
    const found = channel.getListener(listener.id) === listener;
    await body.cancel();
    await sleep(20);
    return found && channel.listenerCount === 0;
  }),
  containers: await each(async ({ ChannelContainer }, { SSEChannel }) => {
    const container = new ChannelContainer();
    const channel = new SSEChannel();
    container.register(channel);
    const { body } = channel.response();
    await container.drain({ seconds: 0 });
    await body.cancel();
    container.close();
    return channel.closed;
  }),
  refused: [
    failure(() => new esm.SSEChannel().registerListener({ id: 'x' })),
    failure(() => new esm.SSEChannel().response(null, { listener: { id: 'x' } })),
  ],
};
console.log(JSON.stringify(seen));

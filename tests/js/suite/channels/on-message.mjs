// onMessage: sees each message at delivery, and may refuse it.

import { BodyReader } from '../lib/body.mjs';
import {
  assert,
  assertEnds,
  consoleErrorsOf,
  dataOf,
  drain,
  promptly,
  settle,
  take,
  thrownBy,
} from '../lib/support.mjs';

export default function register({ Message, MessageQueueListener, SSEChannel }, test) {
  /** A channel with a running listener that has an `onMessage`. */
  function scene(onMessage) {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ onMessage });
    channel.registerListener(listener);
    listener.startSync();
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    return { channel, listener, send, next: () => channel.deliverNext(listener.id).payload };
  }

  const refuseOdd = ({ payload }) => {
    if (payload % 2) throw new RangeError(`${payload} is odd`);
  };

  test('it is overridden in a subclass', () => {
    const seen = [];
    class Listener extends MessageQueueListener {
      onMessage(message) {
        seen.push([this.id, message.type, message.payload]);
      }
    }
    const channel = new SSEChannel();
    const listener = channel.addListener(Listener);
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.deliverNext(listener.id);
    assert.deepEqual(seen, [[listener.id, 'a', 1]]);
  });

  test('it is handed in as an option', () => {
    const seen = [];
    const { send, next } = scene((message) => void seen.push(message));
    send(1);
    next();
    assert.instanceOf(seen[0], Message);
    assert.deepEqual([seen[0].type, seen[0].payload], ['a', 1]);
  });

  test('it is assigned at any time, also while a stream waits', async () => {
    const { channel, listener, send } = scene(undefined);
    const stream = channel.messageStream(listener);
    const waiting = stream.next();
    const seen = [];
    listener.onMessage = ({ payload }) => void seen.push(payload);
    send(1, 2);
    assert.strictEqual((await promptly(waiting)).value.data, 1);
    await take(stream, 1);
    assert.deepEqual(seen, [1, 2]);
  });

  test('it is assigned and taken back at any time, also between two calls of deliverNext', () => {
    const { listener, send, next } = scene(undefined);
    const seen = [];
    send(1, 2, 3);
    next();
    listener.onMessage = ({ payload }) => void seen.push(payload);
    next();
    delete listener.onMessage;
    next();
    assert.deepEqual(seen, [2]);
  });

  test('it sees a message when that is delivered, not when it is sent', async () => {
    const seen = [];
    const { channel, listener, send, next } = scene(({ payload }) => void seen.push(payload));
    send(1, 2, 3);
    await settle();
    assert.deepEqual(seen, []);
    next();
    assert.deepEqual(seen, [1]);
    await take(channel.messageStream(listener), 1);
    assert.deepEqual(seen, [1, 2]);
  });

  test('it sees each message once, and before the reader has it', async () => {
    const steps = [];
    const { channel, listener, send } = scene(({ payload }) => void steps.push(`seen ${payload}`));
    send(1, 2);
    for await (const { data } of channel.messageStream(listener)) {
      steps.push(`got ${data}`);
      if (data === 2) break;
    }
    assert.deepEqual(steps, ['seen 1', 'got 1', 'seen 2', 'got 2']);
  });

  test('if it throws, deliverNext raises that very error and the message is gone', () => {
    const errors = [new Error('mine'), 'a string', undefined, null, 0, { code: 'MINE' }, Symbol('mine')];
    for (const error of errors) {
      const { send, next } = scene(({ payload }) => {
        if (payload === 1) throw error;
      });
      send(1, 2);
      assert.strictEqual(thrownBy(next), error);
      assert.strictEqual(next(), 2);
    }
  });

  test('if it throws, a stream goes on with the next message and tells onError', async () => {
    const { channel, listener, send } = scene(refuseOdd);
    const told = [];
    const stream = channel.messageStream(listener, { onError: (error) => void told.push(error) });
    send(1, 2, 3, 4);
    assert.deepEqual(dataOf(await take(stream, 2)), [2, 4]);
    assert.deepEqual(
      told.map(({ message }) => message),
      ['1 is odd', '3 is odd'],
    );
    for (const error of told) assert.instanceOf(error, RangeError);
  });

  test('if it throws, a stream without onError tells the console, with the listener and the error', async () => {
    const { channel, listener, send } = scene(refuseOdd);
    const stream = channel.messageStream(listener);
    send(1, 2);
    const calls = await consoleErrorsOf(async () => assert.deepEqual(dataOf(await take(stream, 1)), [2]));
    assert.strictEqual(calls.length, 1);
    assert.include(String(calls[0][0]), listener.id);
    assert.strictEqual(calls[0][1].message, '1 is odd');
  });

  test('if it throws, a stream that waits goes on waiting', async () => {
    const { channel, listener, send } = scene(refuseOdd);
    const told = [];
    const stream = channel.messageStream(listener, { onError: (error) => void told.push(error) });
    const waiting = stream.next();
    send(1);
    await settle();
    assert.strictEqual(told.length, 1);
    send(2);
    assert.strictEqual((await promptly(waiting)).value.data, 2);
  });

  test('if it throws, watch() and response() tell onError and go on', async () => {
    const channel = new SSEChannel();
    const told = [];
    const onError = (error) => void told.push(error.message);
    const stream = channel.watch({ listener: new MessageQueueListener({ onMessage: refuseOdd }), onError });
    const reader = new BodyReader(
      channel.response(undefined, { listener: new MessageQueueListener({ onMessage: refuseOdd }), onError }),
    );
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    assert.deepEqual(dataOf(await take(stream, 1)), [2]);
    assert.deepEqual(dataOf(await reader.events(1)), ['2']);
    assert.deepEqual(told, ['1 is odd', '1 is odd']);
    await stream.return();
    await reader.cancel();
  });

  test('if it throws, a response without onError tells the console', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ onMessage: refuseOdd });
    const reader = new BodyReader(channel.response(undefined, { listener }));
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    const calls = await consoleErrorsOf(() => reader.events(1));
    assert.strictEqual(calls.length, 1);
    assert.include(String(calls[0][0]), listener.id);
    assert.strictEqual(calls[0][1].message, '1 is odd');
    await reader.cancel();
  });

  test('an onError that throws does not end the stream, and is not silent', async () => {
    const channel = new SSEChannel();
    const onError = () => {
      throw new Error('of onError');
    };
    const stream = channel.watch({ listener: new MessageQueueListener({ onMessage: refuseOdd }), onError });
    const reader = new BodyReader(
      channel.response(undefined, { listener: new MessageQueueListener({ onMessage: refuseOdd }), onError }),
    );
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    const calls = await consoleErrorsOf(async () => {
      assert.deepEqual(dataOf(await take(stream, 1)), [2]);
      assert.deepEqual(dataOf(await reader.events(1)), ['2']);
    });
    const said = calls.flat().map(String).join('\n');
    assert.include(said, 'of onError');
    assert.include(said, '1 is odd');
    await stream.return();
    await reader.cancel();
  });

  test('if it is async and rejects, the message is delivered and the error goes to the console', async () => {
    const { listener, send, next } = scene(async ({ payload }) => refuseOdd({ payload }));
    send(1, 2);
    const calls = await consoleErrorsOf(() => assert.deepEqual([next(), next()], [1, 2]));
    assert.strictEqual(calls.length, 1);
    assert.include(String(calls[0][0]), listener.id);
    assert.strictEqual(calls[0][1].message, '1 is odd');
  });

  test('the message that stops its own listener is still delivered, by deliverNext', () => {
    const { channel, listener, send, next } = scene(() => listener.stopSync());
    send(1, 2);
    assert.strictEqual(next(), 1);
    assert.strictEqual(thrownBy(() => channel.deliverNext(listener.id)).reason, 'stopped');
    listener.startSync();
    assert.strictEqual(next(), 2);
  });

  test('the message that stops its own listener is still delivered, by a stream, which then ends', async () => {
    const { channel, listener, send, next } = scene(({ payload }) => payload === 2 && listener.stopSync());
    send(1, 2, 3);
    assert.deepEqual(dataOf(await drain(channel.messageStream(listener))), [1, 2]);
    listener.startSync();
    assert.strictEqual(next(), 3);
  });

  test('the message that stops its own listener is still delivered to a reader that waits for it', async () => {
    const { channel, listener, send } = scene(() => listener.stopSync());
    const stream = channel.messageStream(listener);
    const waiting = stream.next();
    await settle();
    send(1, 2);
    assert.strictEqual((await promptly(waiting)).value.data, 1);
    await assertEnds(stream);
  });

  test('the message that stops its own listener is still delivered, by a response, which then ends', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ onMessage: ({ payload }) => payload === 2 && listener.stopSync() });
    const reader = new BodyReader(channel.response(undefined, { listener }));
    for (const payload of [1, 2, 3]) channel.broadcast({ type: 'a', payload });
    await reader.rest();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '2']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('it is not shown the closing of the channel, which is no message', async () => {
    const seen = [];
    const { channel, listener, send } = scene(({ type }) => void seen.push(type));
    send(1);
    channel.close();
    assert.deepEqual(
      (await drain(channel.messageStream(listener))).map(({ event }) => event),
      ['a', '_eric_channel_closed'],
    );
    assert.deepEqual(seen, ['a']);
  });

  test('the callback of a removed listener sees nothing of the next listener', async () => {
    const channel = new SSEChannel();
    const [seen, first] = [[], channel.addListener()];
    first.startSync();
    const stream = channel.messageStream(first);
    first.onMessage = ({ payload }) => {
      seen.push(payload);
      throw new RangeError('no');
    };
    channel.removeListener(first.id);
    const second = channel.addListener();
    second.startSync();
    const waiting = stream.next();
    channel.dispatch(second.id, { type: 'a', payload: 1 });
    channel.broadcast({ type: 'a', payload: 2 });
    assert.deepEqual([channel.deliverNext(second.id).payload, channel.deliverNext(second.id).payload], [1, 2]);
    assert.deepEqual(seen, []);
    assert.strictEqual((await waiting).done, true);
  });
}

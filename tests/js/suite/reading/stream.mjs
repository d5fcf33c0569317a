// messageStream: what it yields, how it waits, and how its readers share it. Its ends are in
// ending.mjs.

import {
  assert,
  assertEnds,
  assertException,
  dataOf,
  promptly,
  settle,
  stillWaits,
  take,
  thrownBy,
} from '../lib/support.mjs';

export default function register(eric, test) {
  const { InvalidListenerException, MessageQueueListener, SSEChannel } = eric;

  function scene(options, onMessage) {
    const channel = new SSEChannel(options);
    const listener = new MessageQueueListener({ onMessage });
    channel.registerListener(listener);
    listener.startSync();
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    return { channel, listener, send, stream: channel.messageStream(listener) };
  }

  test('an SSEChannel yields objects { event, data, retry, id }', async () => {
    const { stream, send, channel, listener } = scene();
    send({ x: 1 });
    channel.dispatch(listener.id, { type: 'b' });
    const [one, two] = await take(stream, 2);
    assert.deepEqual({ ...one, id: '' }, { event: 'a', data: { x: 1 }, retry: 15_000, id: '' });
    assert.deepEqual({ ...two, id: '' }, { event: 'b', data: undefined, retry: 15_000, id: '' });
    assert.hasAllKeys(one, ['event', 'data', 'retry', 'id']);
  });

  test('retry is the reconnection time of the channel, in every object', async () => {
    const { stream, send } = scene({ retryTimeoutMilliseconds: 1234 });
    send(1, 2);
    assert.deepEqual(
      (await take(stream, 2)).map(({ retry }) => retry),
      [1234, 1234],
    );
  });

  test('ids are texts of one epoch that tell the messages of a listener apart', async () => {
    const { stream, send, channel, listener } = scene();
    send(1, 2);
    channel.dispatch(listener.id, { type: 'a' });
    channel.dispatch(listener.id, { type: 'a' });
    send(3);
    const ids = (await take(stream, 5)).map(({ id }) => id);
    assert.strictEqual(new Set(ids).size, 5);
    for (const id of ids) assert.match(id, /^[0-9a-f]+-[0-9]+(\.[0-9]+)?$/);
    assert.strictEqual(new Set(ids.map((id) => id.split('-')[0])).size, 1);
  });

  test('a broadcast has the same id for all listeners, and two channels have different epochs', async () => {
    const { channel, send, stream } = scene();
    const other = channel.watch();
    send(1);
    const [[one], [two]] = [await take(stream, 1), await take(other, 1)];
    assert.strictEqual(one.id, two.id);
    const elsewhere = scene();
    elsewhere.send(1);
    const [three] = await take(elsewhere.stream, 1);
    assert.notStrictEqual(three.id, one.id);
    await other.return();
  });

  test('it is an async iterable iterator', () => {
    const { stream } = scene();
    assert.strictEqual(stream[Symbol.asyncIterator](), stream);
    for (const method of ['next', 'return', 'throw']) assert.isFunction(stream[method]);
  });

  test('it waits for what is sent later, broadcast or dispatched', async () => {
    const { stream, send, channel, listener } = scene();
    const first = stream.next();
    await stillWaits(first);
    send(1);
    assert.strictEqual((await promptly(first)).value.data, 1);
    const second = stream.next();
    await stillWaits(second);
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    assert.strictEqual((await promptly(second)).value.data, 2);
  });

  test('it is not woken by what is sent to others', async () => {
    const { stream, channel } = scene();
    const waiting = stream.next();
    channel.dispatch(channel.addListener().id, { type: 'a' });
    await stillWaits(waiting);
    await stream.return();
  });

  test('it takes a message when it is asked for one, and not before', async () => {
    const { stream, send, channel, listener } = scene();
    send(1, 2, 3);
    await settle();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
    assert.deepEqual(dataOf(await take(stream, 1)), [2]);
    await settle();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 3);
  });

  test('messages that deliverNext has taken in the turn of the send are not delivered by the stream too', async () => {
    const { stream, send, channel, listener } = scene();
    const waiting = stream.next();
    await settle();
    send(1);
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
    await stillWaits(waiting);
    send(2);
    assert.strictEqual((await promptly(waiting)).value.data, 2);
  });

  test('several calls of next() that wait are answered in their order', async () => {
    const { stream, send } = scene();
    const order = [];
    const waiting = [0, 1, 2, 3].map((number) => stream.next().then(({ value }) => order.push([number, value.data])));
    await settle();
    send('a', 'b');
    await settle();
    send('c', 'd');
    await promptly(Promise.all(waiting));
    assert.deepEqual(order, [
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
      [3, 'd'],
    ]);
  });

  test('several calls of next() are answered in their order when only some find a message', async () => {
    const { stream, send } = scene();
    send('a', 'b');
    const answers = [1, 2, 3, 4].map(() => stream.next());
    await settle();
    send('c');
    const late = stream.next();
    send('d', 'e');
    assert.deepEqual(dataOf((await promptly(Promise.all([...answers, late]))).map(({ value }) => value)), [
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
  });

  test('several calls of next() that wait all learn of the end', async () => {
    const { stream, send, listener } = scene();
    const waiting = [1, 2, 3].map(() => stream.next());
    await settle();
    send('a');
    await settle();
    listener.stopSync();
    const [first, ...others] = await promptly(Promise.all(waiting));
    assert.strictEqual(first.value.data, 'a');
    for (const other of others) assert.deepEqual(other, { done: true, value: undefined });
  });

  test('next() from inside onMessage is answered with the next message', async () => {
    let inner;
    const { stream, send } = scene(undefined, ({ payload }) => {
      if (payload === 1) inner = stream.next();
    });
    send(1, 2);
    assert.strictEqual((await promptly(stream.next())).value.data, 1);
    assert.strictEqual((await promptly(inner)).value.data, 2);
  });

  test('next() from inside onMessage waits its turn behind those that waited before', async () => {
    const order = [];
    const note =
      (name) =>
      ({ value }) =>
        void order.push([name, value.data]);
    const { stream, send } = scene(undefined, ({ payload }) => {
      if (payload === 1) void stream.next().then(note('inner'));
    });
    void stream.next().then(note('first'));
    void stream.next().then(note('second'));
    await settle();
    send(1, 2, 3);
    await settle();
    assert.deepEqual(order, [
      ['first', 1],
      ['second', 2],
      ['inner', 3],
    ]);
  });

  test('next() from inside an onMessage that refuses is answered behind the one that it interrupted', async () => {
    let inner;
    const { channel, listener, send } = scene(undefined, ({ payload }) => {
      if (payload !== 1) return;
      inner = stream.next();
      throw new Error('refused');
    });
    const stream = channel.messageStream(listener, { onError() {} });
    send(1, 2, 3);
    assert.strictEqual((await promptly(stream.next())).value.data, 2);
    assert.strictEqual((await promptly(inner)).value.data, 3);
  });

  test('next() from inside an onMessage that refuses the only message waits behind the one that it interrupted', async () => {
    let inner;
    const { channel, listener, send } = scene(undefined, ({ payload }) => {
      if (payload !== 1) return;
      inner = stream.next();
      throw new Error('refused');
    });
    const stream = channel.messageStream(listener, { onError() {} });
    send(1);
    const outer = stream.next();
    await stillWaits(outer);
    send(2, 3);
    assert.strictEqual((await promptly(outer)).value.data, 2);
    assert.strictEqual((await promptly(inner)).value.data, 3);
  });

  test('several streams of one listener share its messages, each of which is delivered once', async () => {
    const { channel, listener, send, stream } = scene();
    const other = channel.messageStream(listener);
    const waiting = [stream.next(), other.next()];
    await settle();
    send(1, 2);
    assert.sameMembers(dataOf((await promptly(Promise.all(waiting))).map(({ value }) => value)), [1, 2]);
    send(3, 4);
    assert.deepEqual(dataOf([...(await take(other, 1)), ...(await take(stream, 1))]), [3, 4]);
  });

  test('a stream that was ended leaves the others of its listener to go on', async () => {
    const { channel, listener, send, stream } = scene();
    const other = channel.messageStream(listener);
    const waiting = other.next();
    await stream.return();
    send(1);
    assert.strictEqual((await promptly(waiting)).value.data, 1);
  });

  test('a stream that is opened for a stopped listener ends at once', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    channel.broadcast({ type: 'a' });
    await assertEnds(channel.messageStream(listener));
    listener.startSync();
    assert.strictEqual(channel.deliverNext(listener.id).type, 'a');
  });

  test('one for a listener of another channel, or a namesake of one, is refused', () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ id: 'same' });
    const refused = () => channel.messageStream(listener);
    assertException(thrownBy(refused), InvalidListenerException, 'ERIC_INVALID_LISTENER');
    channel.registerListener(new MessageQueueListener({ id: 'same' }));
    assertException(thrownBy(refused), InvalidListenerException, 'ERIC_INVALID_LISTENER');
    for (const other of [undefined, null, 'same', { id: 'same' }]) {
      assertException(
        thrownBy(() => channel.messageStream(other)),
        InvalidListenerException,
        'ERIC_INVALID_LISTENER',
      );
    }
  });

  test('many streams that wait are all woken by one broadcast', async () => {
    const channel = new SSEChannel();
    const streams = Array.from({ length: 200 }, () => channel.watch());
    const waiting = streams.map((stream) => stream.next());
    await settle();
    channel.broadcast({ type: 'a', payload: 1 });
    for (const { value } of await promptly(Promise.all(waiting))) assert.strictEqual(value.data, 1);
    await Promise.all(streams.map((stream) => stream.return()));
    assert.strictEqual(channel.listenerCount, 0);
  });
}

// The exceptions: each with its class, its name and its code; and an instance that goes on working
// after them.

import { assert, assertException, dataOf, take, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const {
    ChannelContainer,
    InvalidChannelException,
    InvalidListenerException,
    InvalidMessageFormat,
    Message,
    MessageQueueListener,
    NoMessagesException,
    SSEChannel,
  } = eric;

  const CLASSES = [
    [InvalidChannelException, 'InvalidChannelException', 'ERIC_INVALID_CHANNEL'],
    [InvalidListenerException, 'InvalidListenerException', 'ERIC_INVALID_LISTENER'],
    [InvalidMessageFormat, 'InvalidMessageFormat', 'ERIC_INVALID_MESSAGE'],
    [NoMessagesException, 'NoMessagesException', 'ERIC_NO_MESSAGES'],
  ];
  for (const [Class, name, code] of CLASSES) {
    test(`${name} is an Error with a name, a stable code and a stack`, () => {
      const error = new Class('a text', 'empty');
      assertException(error, Class, code);
      assert.strictEqual(error.name, name);
      assert.strictEqual(error.message, 'a text');
      assert.strictEqual(String(error), `${name}: a text`);
      assert.strictEqual(Class.name, name, 'also in a build that was made small');
    });

    test(`${name} equals none of the others`, () => {
      const error = new Class('a text', 'empty');
      assert.deepEqual(
        CLASSES.filter(([Other]) => error instanceof Other).map(([, other]) => other),
        [name],
      );
    });
  }

  const running = (channel) => {
    const listener = channel.addListener();
    listener.startSync();
    return listener;
  };
  const closed = () => {
    const channel = new SSEChannel();
    channel.close();
    return channel;
  };

  /** Every documented way to an exception. */
  const REFUSALS = [
    ['addListener on a closed channel', InvalidChannelException, () => closed().addListener()],
    [
      'registerListener on a closed channel',
      InvalidChannelException,
      () => closed().registerListener(new MessageQueueListener()),
    ],
    ['broadcast on a closed channel', InvalidChannelException, () => closed().broadcast({ type: 'a' })],
    ['watch on a closed channel', InvalidChannelException, () => closed().watch()],
    ['response on a closed channel', InvalidChannelException, () => closed().response()],
    [
      'dispatch on a closed channel',
      InvalidChannelException,
      () => {
        const channel = new SSEChannel();
        const { id } = channel.addListener();
        channel.close();
        channel.dispatch(id, { type: 'a' });
      },
    ],
    [
      'deliverNext on a closed channel with nothing left',
      NoMessagesException,
      () => {
        const channel = new SSEChannel();
        const { id } = running(channel);
        channel.close();
        channel.deliverNext(id);
      },
    ],
    ['get of an unknown channel', InvalidChannelException, () => new ChannelContainer().get('unknown')],
    ['rm of an unknown channel', InvalidChannelException, () => new ChannelContainer().rm('unknown')],
    ['register of what is no channel', InvalidChannelException, () => new ChannelContainer().register({})],
    [
      'add of a channel whose id is taken',
      InvalidChannelException,
      () => {
        const container = new ChannelContainer();
        container.add({ id: 'same' });
        container.add({ id: 'same' });
      },
    ],
    ['getListener of an unknown listener', InvalidListenerException, () => new SSEChannel().getListener('unknown')],
    [
      'removeListener of an unknown listener',
      InvalidListenerException,
      () => new SSEChannel().removeListener('unknown'),
    ],
    [
      'dispatch to an unknown listener',
      InvalidListenerException,
      () => new SSEChannel().dispatch('unknown', { type: 'a' }),
    ],
    ['deliverNext for an unknown listener', InvalidListenerException, () => new SSEChannel().deliverNext('unknown')],
    [
      'messageStream for an unknown listener',
      InvalidListenerException,
      () => new SSEChannel().messageStream(new MessageQueueListener()),
    ],
    ['registerListener of what is no listener', InvalidListenerException, () => new SSEChannel().registerListener({})],
    [
      'registerListener of one whose id is taken',
      InvalidListenerException,
      () => {
        const channel = new SSEChannel();
        channel.registerListener(channel.addListener());
      },
    ],
    ['a Message with an illegal type', InvalidMessageFormat, () => new Message('a\nb')],
    ['a Message with an empty type', InvalidMessageFormat, () => new Message('')],
    ['a Message whose type is no string', InvalidMessageFormat, () => new Message(5)],
    ['broadcast of what is no message', InvalidMessageFormat, () => new SSEChannel().broadcast(5)],
    [
      'broadcast of what JSON cannot carry',
      InvalidMessageFormat,
      () => new SSEChannel().broadcast({ type: 'a', payload: 1n }),
    ],
    [
      'dispatch of what JSON cannot carry',
      InvalidMessageFormat,
      () => {
        const channel = new SSEChannel();
        channel.dispatch(channel.addListener().id, { type: 'a', payload: 1n });
      },
    ],
    [
      'deliverNext with nothing waiting',
      NoMessagesException,
      () => {
        const channel = new SSEChannel();
        channel.deliverNext(running(channel).id);
      },
    ],
    [
      'deliverNext for a stopped listener',
      NoMessagesException,
      () => {
        const channel = new SSEChannel();
        channel.deliverNext(channel.addListener().id);
      },
    ],
  ];
  for (const [what, Class, call] of REFUSALS) {
    const [, name, code] = CLASSES.find(([Other]) => Other === Class);
    test(`${what} raises ${name}`, () => assertException(thrownBy(call), Class, code));
  }

  test('an id in a text is quoted, and cut when it is long', () => {
    const long = 'x'.repeat(100_000);
    for (const call of [() => new SSEChannel().getListener(long), () => new ChannelContainer().get(long)]) {
      const { message } = thrownBy(call);
      assert.include(message, '"xxx');
      assert.isBelow(message.length, 200);
    }
  });

  test('a thousand refused calls leave everything working', async () => {
    const channel = new SSEChannel();
    const listener = running(channel);
    const stream = channel.watch();
    for (let count = 0; count < 1000; count++) {
      for (const [what, , call] of REFUSALS) if (count % 50 === 0 || !what.includes('closed')) thrownBy(call);
      thrownBy(() => channel.broadcast({ type: 'a\n' }));
      thrownBy(() => channel.broadcast({ type: 'a', payload: () => {} }));
      thrownBy(() => channel.dispatch('unknown', { type: 'a' }));
      thrownBy(() => channel.registerListener(listener));
      thrownBy(() => channel.watch({ listener }));
      thrownBy(() => channel.response(null, { listener }));
      thrownBy(() => channel.deliverNext(listener.id));
    }
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(stream.listener.id, { type: 'a', payload: 2 });
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
    assert.deepEqual(dataOf(await take(stream, 2)), [1, 2]);
    await stream.return();
    assert.deepEqual(channel.listeners(), [listener]);
  });

  test('a thousand refused messages do not end a stream', async () => {
    const channel = new SSEChannel();
    const told = [];
    const listener = new MessageQueueListener({
      onMessage({ payload }) {
        if (payload < 1000) throw new Error(`no ${payload}`);
      },
    });
    const stream = channel.watch({ listener, onError: (error) => void told.push(error.message) });
    for (let payload = 0; payload <= 1000; payload++) channel.broadcast({ type: 'a', payload });
    assert.deepEqual(dataOf(await take(stream, 1)), [1000]);
    assert.deepEqual(
      told,
      Array.from({ length: 1000 }, (_, payload) => `no ${payload}`),
    );
    await stream.return();
  });
}

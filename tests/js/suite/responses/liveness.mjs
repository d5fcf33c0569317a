// The life of a response: heartbeats, stalls, the longest duration. The reports of its end.

import { BodyReader } from '../lib/body.mjs';
import {
  assert,
  assertException,
  consoleErrorsOf,
  countedSignal,
  dataOf,
  promptly,
  rejectionOf,
  settle,
  sleep,
  stillWaits,
  thrownBy,
  until,
} from '../lib/support.mjs';

export default function register(eric, test) {
  const { ChannelContainer, InvalidListenerException, MessageQueueListener, SSEChannel } = eric;
  const NEVER = { heartbeatSeconds: 0, stallSeconds: 0 };
  const broadcast = (channel, payload) => channel.broadcast({ type: 'n', payload });

  /** Three kinds of channel whose responses have the same life. */
  const KINDS = {
    'an SSEChannel': () => new SSEChannel(),
    'a channel with an own adapt': () =>
      new (class extends SSEChannel {
        adapt(message, id) {
          return { ...super.adapt(message, id) };
        }
      })(),
    'a channel with an own messageStream': () =>
      new (class extends SSEChannel {
        async *messageStream(listener, options) {
          yield* super.messageStream(listener, options);
        }
      })(),
  };

  /** A block with one field and no id, at the end: the client has the newest id. */
  const noteOf = (before, field) => new RegExp(`${before ? '' : '^'}${before}${field}\n\n$`);

  /**
   * The readers of the tests so far: the garbage collector ends unreferenced ones as well, in some
   * engines soon.
   */
  const held = [];

  /** A response, its reader, and the reports of onClose. */
  function open(channel, options = {}, request = null) {
    const told = [];
    const response = channel.response(request, { ...NEVER, ...options, onClose: (report) => void told.push(report) });
    const reader = new BodyReader(response);
    held.push(reader);
    return { reader, told, reasons: () => told.map(({ reason }) => reason) };
  }

  for (const [kind, make] of Object.entries(KINDS)) {
    test(`heartbeats: a comment comes again and again while nothing else does, of ${kind}`, async () => {
      const channel = make();
      const { reader } = open(channel, { heartbeatSeconds: 0.01 });
      await reader.chunk();
      for (let beat = 0; beat < 3; beat++) assert.match(await reader.chunk(), noteOf('', ':'));
      assert.deepEqual(reader.decoder.events, []);
      broadcast(channel, 1);
      assert.deepEqual(dataOf(await reader.events(1)), ['1']);
      assert.match(await reader.chunk(), /^:/, 'and goes on behind it');
      await reader.cancel();
      assert.strictEqual(channel.listenerCount, 0);
    });

    if (kind === 'an SSEChannel') {
      test("heartbeats and the end state the client's position, also behind messages that it did not want", async () => {
        const channel = make();
        const options = { heartbeatSeconds: 0.01, events: ['wanted'] };
        const { reader } = open(channel, options);
        await reader.chunk();
        const send = (type) => channel.broadcast({ type, payload: 1 });
        for (let count = 0; count < 500; count++) send('unwanted');
        assert.strictEqual(await reader.chunk(), `:\nevent: _eric_position\nid: ${channel.lastEventId}\ndata:\n\n`);
        channel.broadcast({ type: 'wanted', payload: 1 }, { except: channel.listeners() });
        assert.strictEqual(await reader.chunk(), `:\nevent: _eric_position\nid: ${channel.lastEventId}\ndata:\n\n`);
        send('unwanted');
        void channel.drain({ seconds: 0 });
        await reader.rest();
        assert.isTrue(reader.text.endsWith(`\nevent: _eric_position\nid: ${channel.lastEventId}\ndata:\n\n`));
        assert.deepEqual(reader.decoder.events, []);

        // It would receive a gap, had it been sent no id.
        const after = make();
        const first = open(after, options);
        await first.reader.chunk();
        for (let round = 0; round < 4; round++) {
          for (let count = 0; count < 500; count++) after.broadcast({ type: 'unwanted' });
          await first.reader.chunk();
        }
        await first.reader.cancel();
        after.broadcast({ type: 'wanted', payload: 2 });
        const second = open(after, { ...options, lastEventId: first.reader.decoder.lastEventId });
        const [event] = await second.reader.events(1);
        assert.deepEqual([event.type, event.data], ['wanted', '2']);
        await second.reader.cancel();
      });
    }

    test(`heartbeats: none comes when there are to be none, of ${kind}`, async () => {
      const { reader } = open(make());
      await reader.chunk();
      const waiting = reader.read();
      await sleep(40);
      await stillWaits(waiting);
      await reader.cancel();
    });

    test(`heartbeats: none comes as long as there is something else, of ${kind}`, async () => {
      const channel = make();
      const { reader } = open(channel, { heartbeatSeconds: 1 });
      await reader.chunk();
      for (let payload = 1; payload <= 10; payload++) {
        const chunk = reader.read();
        await sleep(5);
        broadcast(channel, payload);
        assert.notMatch(await promptly(chunk), /^:/m);
      }
      await reader.cancel();
    });

    test(`stall: a response that is never read is given up, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { stallSeconds: 0.02 });
      await until(() => channel.listenerCount === 0, 'the end of the listener');
      assert.deepEqual(reasons(), ['stalled']);
      await reader.rest();
    });

    test(`stall: a response that is not read any more though messages wait is given up, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { stallSeconds: 0.02 });
      await reader.chunk();
      broadcast(channel, 1);
      await until(() => channel.listenerCount === 0, 'the end of the listener');
      assert.deepEqual(reasons(), ['stalled']);
      await reader.rest();
    });

    test(`stall: a response that is not read any more though a heartbeat is due is given up, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { heartbeatSeconds: 0.01, stallSeconds: 0.02 });
      await reader.chunk();
      await until(() => channel.listenerCount === 0, 'the end of the listener');
      assert.deepEqual(reasons(), ['stalled']);
      await reader.rest();
    });

    test(`stall: a reader that waits is not given up, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { stallSeconds: 0.02 });
      await reader.chunk();
      const waiting = reader.read();
      await sleep(80);
      assert.deepEqual(reasons(), []);
      broadcast(channel, 1);
      assert.include(await promptly(waiting), 'data: 1\n');
      await reader.cancel();
    });

    test(`stall: a client is not given up while no message waits, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { stallSeconds: 0.02 });
      await reader.chunk();
      await sleep(80);
      assert.deepEqual(reasons(), []);
      await reader.cancel();
      assert.deepEqual(reasons(), ['cancelled']);
    });

    test(`longest duration: the response ends, and gives the client a short reconnection time, of ${kind}`, async () => {
      const channel = make();
      const start = performance.now();
      const { reasons, reader } = open(channel, { maxDurationSeconds: 0.04 });
      await reader.rest();
      const took = performance.now() - start;
      assert.isAtLeast(took, 35, 'not earlier than nine tenths');
      assert.deepEqual(reasons(), ['rotated']);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(reader.decoder.retries, 2);
      assert.isAtMost(reader.decoder.reconnectionTime, 1000);
      assert.match(reader.text, noteOf('\n\n', 'retry: \\d+'));
    });

    test(`longest duration: it ends behind what is ready, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { maxDurationSeconds: 0.02 });
      await reader.chunk();
      broadcast(channel, 1);
      channel.dispatch(channel.listeners()[0].id, { type: 'n', payload: 2 });
      await sleep(60);
      assert.deepEqual(reasons(), [], 'it waits for its reader');
      await reader.rest();
      assert.deepEqual(dataOf(reader.decoder.events), ['1', '2']);
      assert.match(reader.text, noteOf('data: 2\n\n', 'retry: \\d+'));
      assert.deepEqual(reasons(), ['rotated']);
    });

    test(`longest duration: a client that reads nothing then is given up, of ${kind}`, async () => {
      const channel = make();
      const { reasons, reader } = open(channel, { maxDurationSeconds: 0.02, stallSeconds: 0.05 });
      await reader.chunk();
      await until(() => channel.listenerCount === 0, 'the end of the listener');
      assert.include(['stalled', 'rotated'], reasons()[0]);
      assert.strictEqual(reasons().length, 1);
    });

    test(`a client that reconnects after the longest duration misses nothing, of ${kind}`, async () => {
      const channel = make();
      let [id, sent] = [undefined, 0];
      const got = [];
      for (let round = 0; round < 3; round++) {
        const { reader } = open(channel, { maxDurationSeconds: 0.02, lastEventId: id });
        await reader.chunk();
        broadcast(channel, ++sent);
        await reader.rest();
        got.push(...dataOf(reader.decoder.events));
        id = reader.decoder.lastEventId;
        broadcast(channel, ++sent);
      }
      const { reader } = open(channel, { lastEventId: id });
      got.push(...dataOf(await reader.events(1)));
      assert.deepEqual(
        got,
        Array.from({ length: sent }, (_, index) => `${index + 1}`),
      );
      await reader.cancel();
    });

    /** Each way to end a response, and the report that onClose receives. */
    const ENDS = {
      cancelled: ({ reader }) => reader.cancel(),
      aborted: ({ controller }) => controller.abort(),
      stopped: ({ channel }) => channel.listeners()[0].stopSync(),
      removed: ({ channel }) => channel.removeListener(channel.listeners()[0].id),
      closed: ({ channel, reader }) => (channel.close(), reader.rest()),
      full: ({ channel }) => [1, 2, 3].forEach((payload) => broadcast(channel, payload)),
      drained: ({ channel }) => channel.drain({ seconds: 0.02 }),
    };
    for (const [reason, end] of Object.entries(ENDS)) {
      test(`onClose is called once with the reason ${reason}, of ${kind}`, async () => {
        const channel = make();
        const controller = new AbortController();
        const listener = new MessageQueueListener();
        const { reader, told } = open(channel, { listener, signal: controller.signal, queue: { messages: 2 } });
        await reader.chunk();
        await settle();
        void end({ channel, reader, controller });
        await until(() => told.length > 0, 'onClose');
        await reader.rest();
        // Later events are not reported any more.
        controller.abort();
        await reader.cancel();
        channel.close();
        await sleep(5);
        assert.deepEqual(
          told.map((report) => report.reason),
          [reason],
        );
        assert.strictEqual(told[0].listener, listener);
        assert.strictEqual(told[0].stats.id, listener.id);
        assert.deepEqual(Object.keys(told[0]).sort(), ['listener', 'reason', 'stats']);
        assert.deepEqual(channel.stats().ended, { [reason]: 1 });
        assert.strictEqual(channel.listenerCount, 0);
      });
    }

    test(`an onClose that throws is reported, and nothing more, of ${kind}`, async () => {
      const channel = make();
      const errors = [];
      const failure = new Error('of onClose');
      const options = {
        ...NEVER,
        onError: (error) => void errors.push(error),
        onClose: () => {
          throw failure;
        },
      };
      const reader = new BodyReader(channel.response(null, options));
      await reader.chunk();
      await reader.cancel();
      await settle();
      assert.deepEqual(errors, [failure]);
      assert.strictEqual(channel.listenerCount, 0);
      const quiet = new BodyReader(channel.response(null, { ...NEVER, onClose: options.onClose }));
      await quiet.chunk();
      const calls = await consoleErrorsOf(() => quiet.cancel());
      assert.strictEqual(calls.length, 1);
      assert.include(calls[0], failure);
    });

    test(`a signal that was aborted before: onClose is called, and no listener stays, of ${kind}`, async () => {
      const channel = make();
      for (const [options, request] of [
        [{ signal: AbortSignal.abort() }, null],
        [{}, { method: 'GET', signal: AbortSignal.abort() }],
      ]) {
        const { reader, reasons } = open(channel, options, request);
        assert.strictEqual(channel.listenerCount, 0);
        await reader.rest();
        assert.deepEqual(reasons(), ['aborted']);
      }
      assert.deepEqual(channel.stats().ended, { aborted: 2 });
    });

    test(`onClose may do anything: open a response, close the channel, drain, throw, of ${kind}`, async () => {
      for (const act of [
        (channel) => void new BodyReader(channel.response(null, NEVER)).cancel(),
        (channel) => channel.close(),
        (channel) => void channel.drain({ seconds: 0 }),
        (channel) => broadcast(channel, 1),
        (channel) => channel.listeners().forEach(({ id }) => channel.removeListener(id)),
        (channel) => channel.gone(),
      ]) {
        const channel = make();
        let calls = 0;
        const onClose = () => {
          calls++;
          act(channel);
        };
        const bystander = new BodyReader(channel.response(null, NEVER));
        const reader = new BodyReader(channel.response(null, { ...NEVER, onClose }));
        await reader.chunk();
        await reader.cancel();
        await settle();
        assert.strictEqual(calls, 1);
        channel.close();
        await bystander.rest();
        await until(() => channel.listenerCount === 0, 'the end of all listeners');
      }
    });

    test(`drain: the response ends behind ready messages, with a reconnection time, of ${kind}`, async () => {
      const channel = make();
      const { reader, reasons } = open(channel);
      await reader.chunk();
      broadcast(channel, 1);
      const drained = channel.drain({ seconds: 0.05, retryMilliseconds: 2000 });
      await reader.rest();
      await promptly(drained, 'drain');
      assert.deepEqual(dataOf(reader.decoder.events), ['1']);
      assert.match(reader.text, noteOf('data: 1\n\n', 'retry: \\d+'));
      assert.isAtLeast(reader.decoder.reconnectionTime, 1000);
      assert.isAtMost(reader.decoder.reconnectionTime, 3000);
      assert.deepEqual(reasons(), ['drained']);
      assert.strictEqual(channel.listenerCount, 0);
    });

    test(`drain: a client that reads nothing is ended at the end, of ${kind}`, async () => {
      const channel = make();
      const { reader, reasons } = open(channel);
      broadcast(channel, 1);
      await promptly(channel.drain({ seconds: 0.02 }), 'drain');
      assert.deepEqual(reasons(), ['drained']);
      assert.strictEqual(channel.listenerCount, 0);
      await reader.rest();
    });

    test(`drain: a waiting client is ended at once when its turn has come, of ${kind}`, async () => {
      const channel = make();
      const { reader } = open(channel);
      await reader.chunk();
      const waiting = reader.read();
      await settle();
      const drained = channel.drain({ seconds: 0.03, retryMilliseconds: 4000 });
      assert.match(await promptly(waiting), noteOf('', 'retry: \\d+'));
      await reader.rest();
      await promptly(drained);
      assert.strictEqual(channel.listenerCount, 0);
    });

    test(`drain: a client that connects meanwhile gets a reconnection time, and nothing else, of ${kind}`, async () => {
      const channel = make();
      await promptly(channel.drain({ seconds: 0 }));
      for (const options of [{}, { lastEventId: 'x' }, { listener: 'x', resumeSeconds: 5 }]) {
        const response = channel.response(null, options);
        assert.strictEqual(response.status, 200);
        assert.match(response.headers.get('Content-Type'), /^text\/event-stream/);
        assert.match(await promptly(response.text()), /^retry: \d+\n\n$/);
      }
      assert.strictEqual(channel.listenerCount, 0);
      assert.isFalse(channel.closed);
    });

    test(`gone: clients are answered with 204 and no body, of ${kind}`, async () => {
      const channel = make();
      const { reader, reasons } = open(channel);
      channel.gone();
      await reader.rest();
      assert.deepEqual(
        reader.decoder.events.map(({ type }) => type),
        ['_eric_channel_closed'],
      );
      assert.deepEqual(reasons(), ['closed']);
      assert.isTrue(channel.closed);
      for (const args of [
        [],
        [new Request('http://localhost/')],
        [new Request('http://localhost/', { method: 'HEAD' })],
        [null, { lastEventId: 'x' }],
      ]) {
        const response = channel.response(...args);
        assert.strictEqual(response.status, 204);
        assert.isNull(response.body);
      }
      channel.gone();
      assert.strictEqual(channel.listenerCount, 0);
    });
  }

  test('a pull that comes when a heartbeat is overdue is answered', async () => {
    const channel = new SSEChannel();
    const { reader } = open(channel, { heartbeatSeconds: 0.01 });
    await reader.chunk();
    await sleep(40);
    assert.match(await reader.chunk(), /^:/);
    await reader.cancel();
  });

  test('heartbeats come on a paced channel as well, and take no turn', async () => {
    const channel = new SSEChannel({ streamDelaySeconds: 0.02 });
    const { reader } = open(channel, { heartbeatSeconds: 0.005 });
    for (let payload = 1; payload <= 3; payload++) broadcast(channel, payload);
    await reader.events(3);
    await reader.chunk();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '2', '3']);
    await reader.cancel();
  });

  test('a stall on a paced channel is one too', async () => {
    const channel = new SSEChannel({ streamDelaySeconds: 0.001 });
    const { reader, reasons } = open(channel, { stallSeconds: 0.02 });
    await reader.chunk();
    broadcast(channel, 1);
    await until(() => reasons().length > 0, 'the end');
    assert.deepEqual(reasons(), ['stalled']);
    // Held until here: the garbage collector would end it as well.
    await reader.rest();
  });

  test('a client that stalls is ended though the channel was closed, and its listener leaves', async () => {
    const channel = new SSEChannel();
    const { reader, reasons } = open(channel, { stallSeconds: 0.02 });
    await reader.chunk();
    channel.close();
    await until(() => channel.listenerCount === 0, 'the end of the listener');
    assert.deepEqual(reasons(), ['stalled']);
    await reader.rest();
  });

  test('durations longer than any timer are refused, and the longest is kept', async () => {
    const channel = new SSEChannel();
    const most = 2_147_483.647;
    const { reader } = open(channel, { heartbeatSeconds: most, stallSeconds: most, maxDurationSeconds: most });
    await reader.chunk();
    const waiting = reader.read();
    await sleep(20);
    await stillWaits(waiting);
    await reader.cancel();
  });

  test('the smallest durations do no harm', async () => {
    const channel = new SSEChannel();
    for (const seconds of [Number.MIN_VALUE, 1e-300, 1e-9]) {
      const { reader, reasons } = open(channel, {
        heartbeatSeconds: seconds,
        stallSeconds: seconds,
        maxDurationSeconds: seconds,
      });
      await until(() => reasons().length > 0, 'the end');
      await reader.rest();
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('no response is open longer than it may be, and they are not all to end at once', async () => {
    const channel = new SSEChannel();
    const start = performance.now();
    // When they do end depends on the machine: what is looked at is when they are to.
    const delays = [];
    const original = globalThis.setTimeout;
    globalThis.setTimeout = (callback, delay, ...rest) => (delays.push(delay), original(callback, delay, ...rest));
    let readers;
    try {
      readers = Array.from({ length: 20 }, () => open(channel, { maxDurationSeconds: 0.2 }).reader);
    } finally {
      globalThis.setTimeout = original;
    }
    assert.lengthOf(delays, 20);
    for (const delay of delays) assert.isTrue(delay >= 179 && delay <= 201, `${delay} ms`);
    assert.isAbove(Math.max(...delays) - Math.min(...delays), 1);
    await Promise.all(readers.map((reader) => reader.rest()));
    assert.isAtLeast(performance.now() - start, 175);
  });

  test('a body that fails is reported and leaves no listener', async () => {
    const channel = new (class extends SSEChannel {
      async *messageStream() {
        yield { event: 'a', data: 1 };
        throw new Error('of the iterator');
      }
    })();
    const { reader, reasons } = open(channel);
    await reader.chunk();
    await reader.chunk();
    assert.strictEqual((await rejectionOf(reader.read())).message, 'of the iterator');
    assert.deepEqual(reasons(), ['failed']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an iterator that always has something does not keep a response from its end', async () => {
    const channel = new (class extends SSEChannel {
      async *messageStream() {
        for (let data = 1; ; data++) yield { event: 'a', data };
      }
    })();
    const { reader, reasons } = open(channel, { maxDurationSeconds: 0.01 });
    await sleep(20);
    await reader.rest();
    assert.deepEqual(reasons(), ['rotated']);
    assert.match(reader.text, /\n\nretry: \d+\n\n$/);
  });

  test('messages sent in the turn of a drain still go out', async () => {
    for (const [kind, make] of Object.entries(KINDS)) {
      const channel = make();
      const { reader } = open(channel);
      await reader.chunk();
      const waiting = reader.read();
      await settle();
      broadcast(channel, 1);
      void channel.drain({ seconds: 0 });
      await promptly(waiting);
      await reader.rest();
      assert.deepEqual(dataOf(reader.decoder.events), ['1'], kind);
    }
  });

  test('drain: a filter that drains the channel has what it is asked about delivered, and its response ends as it should', async () => {
    const channel = new SSEChannel();
    const { reader, reasons } = open(channel, { filter: () => (void channel.drain({ seconds: 0 }), true) });
    await reader.chunk();
    const waiting = reader.rest();
    broadcast(channel, 1);
    await promptly(waiting);
    assert.deepEqual(dataOf(reader.decoder.events), ['1']);
    assert.match(reader.text, /data: 1\n\nretry: \d+\n\n$/);
    assert.deepEqual(reasons(), ['drained']);
  });

  test('a backlog of several chunks goes out ahead of the end', async () => {
    for (const [kind, make] of Object.entries(KINDS)) {
      const channel = make();
      const { reader } = open(channel, { maxDurationSeconds: 0.1 });
      await reader.chunk();
      for (let payload = 0; payload < 7; payload++) broadcast(channel, `${payload}`.repeat(100_000));
      await sleep(120);
      await reader.rest();
      assert.deepEqual(
        dataOf(reader.decoder.events).map((data) => Number(data[0])),
        [0, 1, 2, 3, 4, 5, 6],
        kind,
      );
      assert.match(reader.text, noteOf('\n\n', 'retry: \\d+'));
    }
  });

  test('an iterator of a subclass that ends is reported', async () => {
    const channel = new (class extends SSEChannel {
      async *messageStream() {
        yield { event: 'a', data: 1 };
      }
    })();
    const { reader, reasons } = open(channel);
    await reader.rest();
    assert.deepEqual(reasons(), ['finished']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an iterator whose return() fails is reported, whatever ends the response', async () => {
    for (const end of [
      (channel) => channel.drain({ seconds: 0 }),
      (channel) => channel.removeListener('x'),
      (_channel, controller) => controller.abort(),
    ]) {
      const channel = new (class extends SSEChannel {
        messageStream(listener, options) {
          const stream = super.messageStream(listener, options);
          return {
            next: () => stream.next(),
            return: () => Promise.reject(new Error('of return()')),
            [Symbol.asyncIterator]() {
              return this;
            },
          };
        }
      })();
      const controller = new AbortController();
      const reports = [];
      const options = {
        ...NEVER,
        listener: 'x',
        signal: controller.signal,
        onError: ({ message }) => void reports.push(message),
      };
      const reader = new BodyReader(channel.response(null, options));
      await reader.chunk();
      const calls = await consoleErrorsOf(async () => {
        void end(channel, controller);
        await until(() => channel.listenerCount === 0, 'the end of the listener');
        await reader.rest();
      });
      assert.strictEqual(reports.length + calls.length, 1);
    }
  });

  test('a subclass whose messageStream throws leaves neither a listener nor an open response', () => {
    const channel = new (class extends SSEChannel {
      messageStream() {
        throw new Error('of messageStream');
      }
    })();
    const told = [];
    assert.strictEqual(
      thrownBy(() => channel.response(null, { onClose: ({ reason }) => void told.push(reason) })).message,
      'of messageStream',
    );
    assert.deepEqual(told, ['failed']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a listener whose start throws leaves neither itself nor an open response', async () => {
    const channel = new SSEChannel();
    class Broken extends MessageQueueListener {
      startSync() {
        throw new Error('of startSync');
      }
    }
    for (const call of [
      () => channel.response(null, { listener: new Broken() }),
      () => channel.watch({ listener: new Broken() }),
    ]) {
      assert.strictEqual(thrownBy(call).message, 'of startSync');
      assert.strictEqual(channel.listenerCount, 0);
    }
    await promptly(channel.drain({ seconds: 60 }), 'drain, which has nobody to wait for');
  });

  test('the counters in a report are those at the end, whatever the end', async () => {
    const ends = {
      cancelled: ({ reader }) => reader.cancel(),
      removed: ({ channel }) => channel.removeListener('x'),
    };
    for (const [reason, end] of Object.entries(ends)) {
      const channel = new SSEChannel();
      const { reader, told } = open(channel, { listener: 'x', queue: { messages: 8 } });
      for (let payload = 1; payload <= 5; payload++) broadcast(channel, payload);
      await reader.events(5);
      void end({ channel, reader });
      await until(() => told.length > 0, 'onClose');
      assert.strictEqual(told[0].reason, reason);
      assert.strictEqual(told[0].stats.delivered, 5, reason);
      assert.doesNotThrow(() => JSON.stringify(told[0].stats));
      await reader.rest();
    }
  });

  test('signals are let go of, whatever ends the response', async () => {
    const channel = new SSEChannel();
    for (const end of [
      (reader) => reader.cancel(),
      () => channel.removeListener('x'),
      () => [1, 2, 3].forEach((payload) => broadcast(channel, payload)),
    ]) {
      const [one, two] = [countedSignal(), countedSignal()];
      const reader = new BodyReader(
        channel.response(
          { method: 'GET', signal: one.signal },
          { ...NEVER, listener: 'x', signal: two.signal, queue: { messages: 2 } },
        ),
      );
      await reader.chunk();
      await end(reader);
      await reader.rest();
      await settle();
      assert.strictEqual(one.listening() + two.listening(), 0);
    }
  });

  test('close of a channel: every open stream says so and ends', async () => {
    const channel = new SSEChannel();
    const streams = Array.from({ length: 5 }, () => channel.watch());
    const readers = Array.from({ length: 5 }, () => open(channel).reader);
    broadcast(channel, 1);
    channel.close();
    for (const stream of streams) {
      const events = [];
      for await (const { event } of stream) events.push(event);
      assert.deepEqual(events, ['n', '_eric_channel_closed']);
    }
    for (const reader of readers)
      assert.deepEqual(
        (await reader.rest()).decoder.events.map(({ type }) => type),
        ['n', '_eric_channel_closed'],
      );
    assert.strictEqual(channel.listenerCount, 0);
    assert.deepEqual(channel.stats().ended, { closed: 5 });
  });

  test('close of a container: all its channels are closed and gone', async () => {
    const container = new ChannelContainer();
    const channels = [container.add(), container.add(), container.add()];
    const readers = channels.map((channel) => open(channel).reader);
    container.close();
    assert.strictEqual(container.size, 0);
    for (const [index, reader] of readers.entries()) {
      assert.deepEqual(
        (await reader.rest()).decoder.events.map(({ type }) => type),
        ['_eric_channel_closed'],
      );
      assert.isTrue(channels[index].closed);
    }
    container.close();
    assert.isFalse(container.add().closed, 'it can be used again');
  });

  test('drain spreads the ends over its time, and the reconnection times too', async () => {
    const channel = new SSEChannel();
    const count = 20;
    const start = performance.now();
    const ends = [];
    const readers = Array.from({ length: count }, () => open(channel).reader);
    const all = readers.map(async (reader) => {
      await reader.rest();
      ends.push(performance.now() - start);
    });
    await promptly(channel.drain({ seconds: 0.2, retryMilliseconds: 10_000 }), 'drain');
    await Promise.all(all);
    assert.isAbove(Math.max(...ends) - Math.min(...ends), 50, 'not all at once');
    const retries = readers.map((reader) => reader.decoder.reconnectionTime);
    for (const retry of retries) assert.isTrue(retry >= 5000 && retry <= 15_000, String(retry));
    assert.isAbove(new Set(retries).size, count / 2);
    assert.deepEqual(channel.stats().ended, { drained: count });
  });

  test('drain leaves readers in this process alone, and resolves at once when there is no response', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    await promptly(channel.drain({ seconds: 60 }), 'drain');
    broadcast(channel, 1);
    assert.strictEqual((await promptly(stream.next())).value.data, 1);
    await stream.return();
  });

  test('drain resolves early when all have gone by themselves', async () => {
    const channel = new SSEChannel();
    const { reader, reasons } = open(channel);
    await reader.chunk();
    const drained = channel.drain({ seconds: 60 });
    await reader.cancel();
    await promptly(drained, 'drain');
    assert.deepEqual(reasons().length, 1);
  });

  test('drain may be called twice at once, and on a closed channel', async () => {
    const channel = new SSEChannel();
    const { reader, reasons } = open(channel);
    await reader.chunk();
    const both = [channel.drain({ seconds: 0.02 }), channel.drain({ seconds: 0.03 })];
    await reader.rest();
    await promptly(Promise.all(both));
    assert.deepEqual(reasons(), ['drained']);
    channel.close();
    await promptly(channel.drain({ seconds: 0 }));
  });

  test('drain of a container drains all its channels at once, those of other classes apart', async () => {
    class Plain extends eric.AbstractChannel {}
    const container = new ChannelContainer();
    const channels = [container.add(), container.add()];
    const plain = new Plain();
    container.register(plain);
    const opened = channels.map((channel) => open(channel));
    for (const { reader } of opened) await reader.chunk();
    await promptly(container.drain({ seconds: 0.03 }));
    for (const { reader, reasons } of opened) {
      await reader.rest();
      assert.deepEqual(reasons(), ['drained']);
    }
    assert.isFalse(plain.closed);
    assert.strictEqual(container.size, 3);
  });

  test('a resumable listener survives a drain, and another channel can say where it goes on', async () => {
    const channel = new SSEChannel();
    const { reader } = open(channel, { listener: 'x', resumeSeconds: 0.05 });
    await reader.chunk();
    await promptly(channel.drain({ seconds: 0 }));
    await reader.rest();
    assert.strictEqual(channel.listenerCount, 1);
    await until(() => channel.listenerCount === 0, 'the end of the listener');
  });

  test('a refused response is counted nowhere', () => {
    const channel = new SSEChannel();
    channel.registerListener(new MessageQueueListener({ id: 'x' }));
    const onClose = () => assert.fail('there was nothing to close');
    for (const options of [{ listener: 'x' }, { heartbeatSeconds: -1 }, { stallSeconds: 'x' }, { onClose: 5 }]) {
      thrownBy(() => channel.response(null, { onClose, ...options }));
    }
    assertException(
      thrownBy(() => channel.response(null, { listener: 'x', onClose })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    assert.deepEqual(channel.stats().ended, {});
    assert.strictEqual(channel.listenerCount, 1);
  });
}

// Every way for a stream to end, as a cycle that opens one, has it read or not, and ends it.

/** Lets promise reactions run. */
async function settle() {
  for (let turn = 0; turn < 30; turn++) await undefined;
}

/**
 * @param {typeof import('eric-sse')} eric
 * @returns {Record<string, (channel: any) => Promise<void> | void>} each takes a channel, and leaves it as it was
 */
export function waysToEnd({ MessageQueueListener, SSEChannel }) {
  const send = (channel) => channel.broadcast({ type: 'a', payload: { some: 'payload' } });
  const reading = async (channel, options) => {
    const reader = channel.response(options?.request, options).body.getReader();
    await reader.read();
    return reader;
  };
  class Generating extends SSEChannel {
    async *messageStream(...args) {
      yield* super.messageStream(...args);
    }
  }
  class Adapting extends SSEChannel {
    adapt(message, id) {
      return { ...super.adapt(message, id) };
    }
  }
  const [generating, adapting] = [new Generating(), new Adapting()];
  // Long-lived ones, with which nothing must gather.
  const elsewhere = new SSEChannel();
  const resident = elsewhere.addListener();
  resident.startSync();
  const traveller = new MessageQueueListener();
  const gone = (channel) => {
    if (channel.listenerCount > 0) throw new Error('a listener was left behind');
  };

  return {
    async 'watch() and break'(channel) {
      const stream = channel.watch();
      send(channel);
      for await (const event of stream) if (event) break;
    },
    async 'response() and cancel'(channel) {
      const reader = await reading(channel);
      send(channel);
      await reader.read();
      await reader.cancel();
    },
    async 'watch() and return() while it waits'(channel) {
      const stream = channel.watch();
      const waiting = stream.next();
      await stream.return();
      await waiting;
    },
    async 'response() and cancel while it waits'(channel) {
      const reader = await reading(channel);
      const waiting = reader.read();
      await reader.cancel();
      await waiting;
    },
    async 'watch() and throw()'(channel) {
      await channel
        .watch()
        .throw(new Error('thrown in'))
        .catch(() => {});
    },
    async 'response() and cancel of a body that nobody has read'(channel) {
      await channel.response().body.cancel();
    },
    async 'watch() and an abort'(channel) {
      const controller = new AbortController();
      const waiting = channel.watch({ signal: controller.signal }).next();
      controller.abort();
      await waiting;
    },
    async 'response() and an abort'(channel) {
      const controller = new AbortController();
      const reader = await reading(channel, { request: { method: 'GET', signal: controller.signal } });
      const waiting = reader.read();
      controller.abort();
      await waiting;
    },
    'watch() with a signal that was aborted before'(channel) {
      channel.watch({ signal: AbortSignal.abort() });
    },
    async 'watch() and a stop, while it waits'(channel) {
      const stream = channel.watch();
      const waiting = stream.next();
      stream.listener.stopSync();
      await waiting;
    },
    async 'watch() and a stop, never read'(channel) {
      channel.watch().listener.stopSync();
      await settle();
    },
    async 'response() and a stop, never read'(channel) {
      channel.response();
      channel.listeners()[0].stopSync();
      await settle();
    },
    async 'watch() and a removal, while it waits'(channel) {
      const stream = channel.watch();
      const waiting = stream.next();
      channel.removeListener(stream.listener.id);
      await waiting;
    },
    async 'watch() and a removal, never read'(channel) {
      channel.removeListener(channel.watch().listener.id);
      await settle();
    },
    async 'response() and a removal, never read'(channel) {
      channel.response();
      channel.removeListener(channel.listeners()[0].id);
      await settle();
    },
    async 'an onMessage that ends its stream'(channel) {
      let stream;
      stream = channel.watch({ listener: new MessageQueueListener({ onMessage: () => void stream.return() }) });
      send(channel);
      await stream.next();
    },
    async 'an onMessage that throws, and a return()'(channel) {
      const onMessage = () => {
        throw new Error('refused');
      };
      const stream = channel.watch({ listener: new MessageQueueListener({ onMessage }), onError() {} });
      const waiting = stream.next();
      send(channel);
      await settle();
      await stream.return();
      await waiting;
    },
    async 'messageStream and return(), for a listener that is registered and removed'(channel) {
      const listener = channel.addListener();
      listener.startSync();
      const stream = channel.messageStream(listener);
      send(channel);
      await stream.next();
      await stream.return();
      channel.removeListener(listener.id);
    },
    async 'messageStream and return(), for a listener that stays'() {
      const stream = elsewhere.messageStream(resident);
      send(elsewhere);
      await stream.next();
      await stream.return();
    },
    async 'watch() and return(), with the same listener again and again'(channel) {
      await channel.watch({ listener: traveller }).return();
    },
    'a listener that gets messages and is removed'(channel) {
      const { id } = channel.addListener();
      send(channel);
      channel.dispatch(id, { type: 'a', payload: 1 });
      channel.removeListener(id);
    },
    async 'an overridden messageStream and break'() {
      const stream = generating.watch();
      send(generating);
      for await (const event of stream) if (event) break;
      gone(generating);
    },
    async 'an overridden messageStream, its response() and cancel'() {
      const reader = await reading(generating);
      await reader.cancel();
      gone(generating);
    },
    async 'an overridden adapt, its response() and cancel'() {
      const reader = await reading(adapting);
      send(adapting);
      await reader.read();
      await reader.cancel();
      gone(adapting);
    },
    async 'an overridden adapt, its response() and an abort'() {
      const controller = new AbortController();
      const reader = await reading(adapting, { signal: controller.signal });
      const waiting = reader.read();
      controller.abort();
      await waiting;
      gone(adapting);
    },
  };
}

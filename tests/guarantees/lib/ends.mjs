// Every way in which a response can end, as a batch of responses that are opened and all end so.

/** Reads on to the end, as a client that is there does. @param {ReadableStreamDefaultReader} reader */
async function readOn(reader) {
  while (!(await reader.read()).done);
}

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * @typedef {(report: import('eric-sse').CloseReport) => void} OnClose
 * @param {typeof import('eric-sse')} eric
 * @returns {Record<string, { reason: import('eric-sse').CloseReason, channelFor: () => import('eric-sse').SSEChannel, batch: (channel: import('eric-sse').SSEChannel, count: number, onClose: OnClose) => Promise<void> }>}
 * each is done once its responses have ended or will by themselves
 */
export function waysForResponses({ MessageQueueListener, SSEChannel }) {
  /**
   * Of those ways that leave the channel open: one for all batches, whose history is full before
   * long.
   */
  const lasting = new SSEChannel({ history: { messages: 16 } });
  const one = () => lasting;
  const fresh = () => new SSEChannel({ history: { messages: 16 } });
  const message = { type: 'a', payload: { some: 'payload' } };

  /** A response whose client reads; every other one has got what it starts with, and waits. @param {import('eric-sse').SSEChannel} channel */
  const opened = async (channel, options, at, request = null) => {
    const reader = channel.response(request, options).body.getReader();
    if (at % 2 === 0) await reader.read();
    return reader;
  };

  /** One after another. @param {(channel: import('eric-sse').SSEChannel, onClose: OnClose, at: number) => Promise<void>} cycle */
  const oneByOne = (cycle) => async (channel, count, onClose) => {
    for (let at = 0; at < count; at++) await cycle(channel, onClose, at);
  };

  /** The readers of the last batch: an unreferenced reader may be collected before its time, and ends as dropped. @type {ReadableStreamDefaultReader[]} */
  let held = [];

  /**
   * A crowd that is ended as one.
   * @param {(options: OnClose, at: number) => import('eric-sse').ResponseOptions} optionsFor
   * @param {(channel: import('eric-sse').SSEChannel) => unknown} end
   * @param {boolean} [reads]
   */
  const together =
    (optionsFor, end, reads = true) =>
    async (channel, count, onClose) => {
      const readings = [];
      held = [];
      for (let at = 0; at < count; at++) {
        const reader = await opened(channel, optionsFor(onClose, at), at);
        held.push(reader);
        if (reads) readings.push(readOn(reader));
      }
      await end(channel);
      await Promise.all(readings);
    };

  return {
    cancel: {
      reason: 'cancelled',
      channelFor: one,
      batch: oneByOne(async (channel, onClose, at) => {
        const reader = await opened(channel, { onClose }, at);
        const waiting = at % 3 === 0 ? reader.read() : undefined;
        if (at % 5 === 0) channel.broadcast(message);
        await reader.cancel();
        await waiting;
      }),
    },
    'an abort of the request': {
      reason: 'aborted',
      channelFor: one,
      batch: oneByOne(async (channel, onClose, at) => {
        const controller = new AbortController();
        const reader = await opened(channel, { onClose }, at, { method: 'GET', signal: controller.signal });
        const waiting = reader.read();
        if (at % 5 === 0) channel.broadcast(message);
        controller.abort();
        await waiting;
      }),
    },
    'an abort of the signal': {
      reason: 'aborted',
      channelFor: one,
      batch: oneByOne(async (channel, onClose, at) => {
        const controller = new AbortController();
        await opened(channel, { onClose, signal: controller.signal }, at);
        controller.abort();
      }),
    },
    'a signal that was aborted before': {
      reason: 'aborted',
      channelFor: one,
      batch: oneByOne(
        async (channel, onClose) => void channel.response(null, { onClose, signal: AbortSignal.abort() }),
      ),
    },
    'a stop': {
      reason: 'stopped',
      channelFor: one,
      batch: oneByOne(async (channel, onClose, at) => {
        const listener = new MessageQueueListener();
        const reader = await opened(channel, { onClose, listener }, at);
        const waiting = at % 3 === 0 ? undefined : reader.read();
        listener.stopSync();
        await waiting;
      }),
    },
    'a removal': {
      reason: 'removed',
      channelFor: one,
      batch: oneByOne(async (channel, onClose, at) => {
        const listener = new MessageQueueListener();
        const reader = await opened(channel, { onClose, listener }, at);
        const waiting = at % 3 === 0 ? undefined : reader.read();
        channel.removeListener(listener.id);
        await waiting;
      }),
    },
    'a close of the channel': {
      reason: 'closed',
      channelFor: fresh,
      batch: together(
        (onClose) => ({ onClose }),
        (channel) => channel.close(),
      ),
    },
    'an overflow': {
      reason: 'full',
      channelFor: one,
      batch: together(
        (onClose) => ({ onClose, queue: { messages: 2, overflow: 'disconnect' } }),
        (channel) => {
          for (let sent = 0; sent < 3; sent++) channel.broadcast(message);
        },
        false,
      ),
    },
    'a stall': {
      reason: 'stalled',
      channelFor: one,
      batch: together(
        (onClose) => ({ onClose, stallSeconds: 0.02 }),
        (channel) => channel.broadcast(message),
        false,
      ),
    },
    'a rotation': {
      reason: 'rotated',
      channelFor: one,
      batch: together(
        (onClose) => ({ onClose, maxDurationSeconds: 0.02 }),
        () => {},
      ),
    },
    'a drain': {
      reason: 'drained',
      channelFor: fresh,
      batch: together(
        (onClose) => ({ onClose }),
        (channel) => channel.drain({ seconds: 0.02 }),
      ),
    },
    'a drain, unread': {
      reason: 'drained',
      channelFor: fresh,
      batch: together(
        (onClose) => ({ onClose }),
        (channel) => channel.drain({ seconds: 0 }),
        false,
      ),
    },
    'a client that reconnects on another connection': {
      reason: 'replaced',
      channelFor: one,
      async batch(channel, count, onClose) {
        const listener = new MessageQueueListener();
        const options = { listener, resumeSeconds: 60 };
        for (let at = 0; at < count; at++) {
          const reader = await opened(channel, { ...options, onClose }, at);
          const waiting = reader.read();
          if (at === count - 1) {
            // The last one is replaced too, by one that is not counted.
            const last = channel.response(null, options);
            await last.body.cancel();
            channel.removeListener(listener.id);
          } else if (at % 2 === 0) channel.dispatch(listener.id, message);
          void waiting;
        }
      },
    },
    'a client that does not reconnect in time': {
      reason: 'cancelled',
      channelFor: one,
      async batch(channel, count, onClose) {
        for (let at = 0; at < count; at++) {
          const listener = new MessageQueueListener();
          const reader = await opened(channel, { listener, resumeSeconds: 0.01, onClose }, at);
          channel.dispatch(listener.id, message);
          await reader.cancel();
        }
        await sleep(15);
      },
    },
  };
}

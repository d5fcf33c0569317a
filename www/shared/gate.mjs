// Gate: the responses to clients whose listeners are stopped and started.
//
// A stream ends when its listener is stopped, and a response ends with its stream. Here a client
// has two listeners of one id. The channel's listener gets the messages, is stopped and started,
// and keeps its place meanwhile. The gate's listener represents the connection and runs as long as
// the client is there. When the client leaves, both do.
//
// ## Asides
//
// Between the messages the stream yields asides, which are not messages of the channel. They have
// no id:
// - `lane.state`, the listener's state: first of all, whenever it changes, and as a sign of life.
//   (On Cloudflare's runtime a write is what finds out that a client has left.)
// - `lane.type`, a message type, ahead of its first message: an `EventSource` hears only the types
//   that it knows.

/** After this time without a message the state is sent again. In milliseconds. */
const SIGN_OF_LIFE = 5000;
/** How often a stopped listener's state is looked at. In milliseconds. */
const LOOK = 250;
/** The most types that a stream remembers to have named. */
const MOST_NAMED = 256;

/**
 * @typedef {import('eric-sse').MessageQueueListener} Listener
 * @typedef {import('eric-sse').SSEChannel} SSEChannel
 * @typedef {import('eric-sse').StreamOptions} StreamOptions
 */

/** @param {typeof import('eric-sse').SSEChannel} Base the package's class, which its user has imported */
export const gateOf = (Base) =>
  class Gate extends Base {
    /** @type {SSEChannel} */ #channel;
    #describe;
    /** The work that goes on when a listener is resumed or removed. @type {Map<string, () => void>} */
    #parked = new Map();

    /**
     * @param {SSEChannel} channel where the listeners are
     * @param {(listener: Listener) => object} describe makes the data of a `lane.state`
     * @param {import('eric-sse').SSEChannelOptions} options
     */
    constructor(channel, describe, options) {
      super(options);
      this.#channel = channel;
      this.#describe = describe;
    }

    /** Starts the channel's listener, and its stream goes on. @param {string} id */
    resume(id) {
      this.#channel.getListener(id).startSync();
      this.#parked.get(id)?.();
    }

    /** @override @param {string} id */
    removeListener(id) {
      super.removeListener(id);
      this.#channel.removeListener(id);
      this.#parked.get(id)?.();
    }

    /**
     * @override
     * @param {Listener} connection
     * @param {StreamOptions} [options]
     * @returns {AsyncGenerator<any, undefined>}
     */
    async *messageStream(connection, options) {
      const listener = this.#channel.getListener(connection.id);
      while (this.#has(listener)) {
        yield this.#state(listener);
        if (listener.isRunningSync()) yield* this.#run(listener, options);
        else yield* this.#rest(listener);
      }
      return undefined;
    }

    /** Hands on what the listener gets, until it is stopped or removed. @param {Listener} listener @param {StreamOptions} [options] */
    async *#run(listener, options) {
      const stream = this.#channel.messageStream(listener, options);
      const named = new Set(['message']);
      try {
        for (let next = stream.next(); ; ) {
          const result = await within(SIGN_OF_LIFE, next);
          if (result === undefined) {
            yield this.#state(listener);
            continue;
          }
          if (result.done) return;
          const { event } = result.value;
          if (!named.has(event)) {
            if (named.size >= MOST_NAMED) named.clear();
            named.add(event);
            yield { event: 'lane.type', data: event };
          }
          yield result.value;
          next = stream.next();
        }
      } finally {
        await stream.return?.();
      }
    }

    /** Waits while the listener is stopped, and tells how its state changes. @param {Listener} listener */
    async *#rest(listener) {
      let told = JSON.stringify(this.#state(listener));
      let quiet = 0;
      for (;;) {
        await within(LOOK, new Promise((resolve) => this.#parked.set(listener.id, () => resolve(true))));
        this.#parked.delete(listener.id);
        if (!this.#has(listener) || listener.isRunningSync()) return;
        const state = this.#state(listener);
        quiet += LOOK;
        if (JSON.stringify(state) === told && quiet < SIGN_OF_LIFE) continue;
        told = JSON.stringify(state);
        quiet = 0;
        yield state;
      }
    }

    /** @param {Listener} listener */
    #has(listener) {
      return this.#channel.listeners().includes(listener);
    }

    /** @param {Listener} listener */
    #state(listener) {
      return { event: 'lane.state', data: this.#describe(listener) };
    }
  };

/**
 * Waits for a promise, but no longer than so many milliseconds: then the answer is `undefined`.
 *
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>}
 */
function within(milliseconds, promise) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

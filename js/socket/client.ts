// SocketClient: the verbs of a socket server as methods.
//
// Requests share one connection: they are sent at once, and answered in order. Each stream has its
// own. A connection that the server has closed meanwhile is made anew by the next request.

import { toText } from '../model/payload.js';
import { type MaybeDisposable, makeDisposable } from '../util/dispose.js';
import { objectOption, signalOption } from '../util/options.js';
import { read } from './error.js';
import { Pool } from './pool.js';
import { Requests } from './requests.js';
import { SocketStream, type SocketStreamOptions } from './stream.js';

/** The counters of a server, or of one channel and its listeners. */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export type SocketStats = Record<string, any>;

/** The fields of a request: the verb, the channel, the listener, and the type of a message. */
interface Fields {
  v?: string;
  c?: string | undefined;
  r?: string;
  t?: string;
}

/**
 * A client of a socket server, `eric serve`.
 *
 * Every method rejects with the exceptions that this entry exports, or with a {@link SocketError}:
 * branch on their `code`.
 *
 * @example
 * const client = new SocketClient('/tmp/eric.sock');
 * const channel = await client.createChannel();
 * for await (const { event, data } of client.watch(channel)) console.log(event, data);
 */
export class SocketClient {
  /** The server's socket. */
  readonly path: string;
  #requests: Requests | undefined;
  /** Events that came and were not read yet, by channel and listener. */
  readonly #pools = new Map<string, Pool>();

  /** @param path The server's socket. Connects at the first request. */
  constructor(path: string) {
    if (typeof path !== 'string') throw new TypeError(`the path must be a string, not of type ${typeof path}`);
    this.path = path;
  }

  /** Sends any request, and resolves to its answer. Streams are not for this. */
  async sendPayload(payload: unknown): Promise<string> {
    return this.#send(textOf(payload) ?? 'null');
  }

  /**
   * Creates a channel and resolves to its id.
   *
   * @param channelId 1 to 64 letters, digits, `.`, `_`, `-` and `:`; a random UUID when left out.
   */
  async createChannel(channelId?: string): Promise<string> {
    return this.#ask({ v: 'c', c: channelId });
  }

  /** Adds a listener to a channel and resolves to its id. Messages sent from now on wait for it. */
  async register(channelId: string): Promise<string> {
    return this.#ask({ v: 'r', c: channelId });
  }

  /** Sends a message to one listener. */
  async dispatch(channelId: string, listenerId: string, type: string, payload?: unknown): Promise<void> {
    await this.#ask({ v: 'd', c: channelId, r: listenerId, t: type }, payload);
  }

  /** Sends a message to every listener of a channel. */
  async broadcast(channelId: string, type: string, payload?: unknown): Promise<void> {
    await this.#ask({ v: 'b', c: channelId, t: type }, payload);
  }

  /** Sends a message to every listener of every channel. */
  async broadcastToAll(type: string, payload?: unknown): Promise<void> {
    await this.#ask({ t: type }, payload);
  }

  /** Removes a listener and its waiting messages. Its streams end. */
  async removeListener(channelId: string, listenerId: string): Promise<void> {
    this.#pools.delete(keyOf(channelId, listenerId));
    await this.#ask({ v: 'rl', c: channelId, r: listenerId });
  }

  /**
   * Closes and removes a channel. Its streams receive what is queued and `_eric_channel_closed`,
   * and end.
   */
  async removeChannel(channelId: string): Promise<void> {
    for (const key of this.#pools.keys()) if (key.startsWith(keyOf(channelId, ''))) this.#pools.delete(key);
    await this.#ask({ v: 'rc', c: channelId });
  }

  /** Resolves to the counters of the server, or to those of one channel. */
  async stats(channelId?: string): Promise<SocketStats> {
    return read(await this.#ask({ v: 's', c: channelId })) as SocketStats;
  }

  /**
   * Starts a listener and streams its events. Events that are unread when the stream is left go to
   * the listener's next stream, without a gap or a duplicate if that is this client's too. Open
   * streams of one listener share its events. For another process, the events that this one has
   * taken from the socket, at most about 64 KiB, are lost.
   */
  stream(channelId: string, listenerId: string, options: SocketStreamOptions = {}): SocketStream {
    const key = keyOf(channelId, listenerId);
    const pool = this.#pools.get(key) ?? new Pool();
    const gone = () => {
      if (!pool.isUsed && this.#pools.get(key) === pool) this.#pools.delete(key);
    };
    const stream = this.#open({ v: 'l', c: channelId, r: listenerId }, options, pool, gone);
    this.#pools.set(key, pool);
    return stream;
  }

  /**
   * Streams the broadcasts on a channel from now on, for a listener that is removed with the
   * stream.
   */
  watch(channelId: string, options: SocketStreamOptions = {}): SocketStream {
    return this.#open({ v: 'w', c: channelId }, options, new Pool(), () => {});
  }

  /**
   * Ends the connection when every request has been answered. Streams have their own connections.
   */
  close(): void {
    this.#requests?.end();
    this.#requests = undefined;
  }

  #open(fields: Fields, options: SocketStreamOptions, pool: Pool, gone: () => void): SocketStream {
    const signal = signalOption(objectOption(options, 'options').signal, 'signal');
    const check = () => this.stats(fields.c);
    return new SocketStream(this.path, JSON.stringify(fields), signal, { pool, check, gone });
  }

  #ask(fields: Fields, payload?: unknown): Promise<string> {
    const [request, text] = [JSON.stringify(fields), textOf(payload)];
    return this.#send(text === undefined ? request : `${request.slice(0, -1)},"p":${text}}`);
  }

  #send(line: string): Promise<string> {
    if (!this.#requests || this.#requests.isOver) this.#requests = new Requests(this.path);
    return this.#requests.ask(line);
  }
}

export interface SocketClient extends MaybeDisposable {}

makeDisposable(SocketClient.prototype, 'dispose', function () {
  this.close();
});

/** The server refuses ids with a line feed. */
const keyOf = (channelId: string, listenerId: string): string => `${channelId}\n${listenerId}`;

/** The JSON text of a payload. @throws {InvalidMessageFormat} when JSON cannot carry it. */
function textOf(payload: unknown): string | undefined {
  return typeof payload === 'string' ? JSON.stringify(payload) : toText(payload);
}

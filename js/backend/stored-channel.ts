// StoredChannel: an SSEChannel whose messages are stored by a backend.

import { AbstractChannel } from '../channel/channel.js';
import type { ChannelCore } from '../channel/core.js';
import { type BroadcastOptions, exceptOption } from '../channel/options.js';
import type { AnyEvents, EventMap, EventTypes, MessageLike } from '../model/event-types.js';
import { toSent } from '../model/message.js';
import { type Answer, RESPOND } from '../response/answer.js';
import { drain } from '../response/drain.js';
import type { ResponseOptions } from '../response/options.js';
import { lastEventIdOf, type RequestLike } from '../response/request-id.js';
import { type SSEChannelOptions, settingsOption } from '../sse/settings.js';
import { SSEChannel } from '../sse/sse-channel.js';
import { makeDisposable } from '../util/dispose.js';
import { idOption, numberOption, objectOption } from '../util/options.js';
import { closeChannel } from '../wasm/calls.js';
import type { Backend, BackendChannel } from './contract.js';
import { Feed } from './feed.js';
import { Outbox } from './outbox.js';
import type { StoredCore } from './stored-core.js';
import { toStored } from './stored-message.js';

export interface StoredChannelOptions extends Omit<SSEChannelOptions, 'id'> {
  /** How long a send is repeated if the backend does not take it, in seconds; 5 by default. */
  waitSeconds?: number | undefined;
}

/**
 * A channel that is stored, and shared by every process that opens it by its name. It is an
 * `SSEChannel` whose sends are asynchronous. {@link openChannel} opens it.
 */
export class StoredChannel<Events extends EventMap<Events> = AnyEvents> extends SSEChannel<Events> {
  readonly #backend: BackendChannel;
  readonly #feed: Feed;
  readonly #outbox: Outbox;
  #isLeft = false;

  /** @internal */
  constructor(name: string, backend: BackendChannel, feed: Feed, waitMilliseconds: number) {
    super({ id: name }, feed.core);
    this.#backend = backend;
    this.#feed = feed;
    this.#outbox = new Outbox(backend, waitMilliseconds, (appended, messages) => feed.own(appended, messages));
    feed.serve({
      replace: (core) => this.#replace(core),
      closed: () => this.#closed(),
      failed: (error) => console.error(`eric-sse: the backend of channel ${this.id} could not be read:`, error),
    });
  }

  /**
   * Sends a message to every listener, in every process. When this resolves, the message is stored.
   *
   * @returns its event id.
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in
   * a line.
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {BackendException} when the backend has not taken it within `waitSeconds`.
   */
  override async broadcast<Type extends EventTypes<Events>>(
    message: MessageLike<Events, Type>,
    options?: BroadcastOptions,
  ): Promise<string> {
    return this.#send(message, exceptOption(objectOption(options, 'options').except));
  }

  /**
   * Sends a message to one listener, in whichever process its client is now or will be. It is
   * stored, and has a number, as a broadcast. Nobody can know whether such a listener exists.
   *
   * @returns its event id.
   * @throws what {@link broadcast} throws.
   */
  override async dispatch<Type extends EventTypes<Events>>(
    listenerId: string,
    message: MessageLike<Events, Type>,
  ): Promise<string> {
    return this.#send(message, `\n${idOption(listenerId ?? null, 'listenerId')}`);
  }

  get #core(): ChannelCore {
    return AbstractChannel.coreOf(this as unknown as SSEChannel);
  }

  /** @internal */
  override [RESPOND]<Answered>(
    request: RequestLike | null | undefined,
    options: ResponseOptions | undefined,
    answer: Answer<Answered>,
  ): Answered {
    const lastEventId = objectOption(options, 'options').lastEventId || lastEventIdOf(request);
    // `response` refuses what is no string.
    if (typeof lastEventId !== 'string') return super[RESPOND](request, options, answer);
    const isLater = this.#feed.isLater(lastEventId);
    // Only now: the feed may have replaced it.
    const core = this.#core;
    const { draining } = core;
    // As a process that drains: the answer says when to reconnect, and nothing else.
    core.draining ||= isLater;
    try {
      return super[RESPOND](request, { ...options, lastEventId: this.#feed.current(lastEventId) }, answer);
    } finally {
      core.draining = draining;
    }
  }

  /**
   * Closes the channel in every process: running streams deliver what was sent before, and end.
   * Reconnecting clients are answered with 204 here, and in each process that had it open. Opened
   * again, the channel begins anew.
   */
  override async close(): Promise<void> {
    if (this.#isLeft || this.closed) return;
    this.#outbox.refuse('the channel is closed');
    await this.#outbox.idle();
    await this.#backend.end();
    await this.#feed.pull();
  }

  /** The same as {@link close}. */
  override gone(): Promise<void> {
    return this.close();
  }

  /**
   * Ends this process's part. What was sent is stored first. Then its clients are told to
   * reconnect, as are those that ask later, and reach another process. Before, {@link drain}
   * spreads them. A channel that is open keeps its process running.
   */
  async leave(): Promise<void> {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#outbox.refuse('this process has left the channel');
    await this.#outbox.idle();
    this.#feed.stop();
    this.#backend.release();
    const core = this.#core;
    await drain(core, { seconds: 0, retryMilliseconds: 0 });
    closeChannel(core.raw);
  }

  async #send(message: unknown, except: string | undefined): Promise<string> {
    const sent = toSent(message);
    const stored = toStored(sent, except);
    sent.bytes = stored.bytes;
    return this.#outbox.send({ sent, except }, stored);
  }

  /** The clients of the former core reconnect. Its readers in this process end. */
  #replace(core: StoredCore): void {
    const former = this.#core;
    core.draining = former.draining;
    AbstractChannel.setCore(this as unknown as SSEChannel, core);
    void drain(former, { seconds: 0, retryMilliseconds: 0 }).then(() => closeChannel(former.raw));
  }

  #closed(): void {
    this.#outbox.refuse('the channel is closed');
    this.#backend.release();
    this.#core.gone = true;
    super.close();
  }
}

makeDisposable(StoredChannel.prototype, 'dispose', function () {
  this.leave().catch((error: unknown) => console.error('eric-sse: a channel could not be left:', error));
});

/**
 * Opens the channel of a name; creates it if there is none. Every process that opens it with the
 * same backend shares it. All of them give the same options.
 *
 * @param name The channel's id.
 * @returns the channel, with the history that is stored.
 * @throws {RangeError} if the history is empty: the processes read each other's messages there.
 * @throws what the backend throws.
 */
export async function openChannel<Events extends EventMap<Events> = AnyEvents>(
  name: string,
  backend: Backend,
  options?: StoredChannelOptions,
): Promise<StoredChannel<Events>> {
  const id = idOption(name ?? null, 'name')!;
  if (typeof backend?.open !== 'function') throw new TypeError('backend must be a Backend, such as sqlite(database)');
  const settings = settingsOption(options);
  const { messages, bytes, seconds } = settings.history;
  if (messages < 1 || bytes === 0 || seconds === 0)
    throw new RangeError('a stored channel must have a history: its processes read it');
  const wait = numberOption(options?.waitSeconds, 'waitSeconds', 5) * 1000;
  const feed = new Feed(settings);
  return new StoredChannel<Events>(id, await feed.open(backend, id), feed, wait);
}

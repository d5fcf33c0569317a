// SSEChannel: messages become events, and events a Response.

import { AbstractChannel } from '../channel/channel.js';
import { ChannelCore } from '../channel/core.js';
import type { MessageQueueListener } from '../channel/listener.js';
import type { StreamOptions } from '../channel/options.js';
import type { AnyEvents, ClosedMessage, EventMap, GapMessage, MessageOf, SSEEvent } from '../model/event-types.js';
import { type Answer, RESPOND } from '../response/answer.js';
import { type DrainOptions, drain } from '../response/drain.js';
import { toResponse } from '../response/fetch-sink.js';
import type { ResponseOptions } from '../response/options.js';
import type { RequestLike } from '../response/request-id.js';
import { respond } from '../response/respond.js';
import { idOption, objectOption } from '../util/options.js';
import { closeChannel } from '../wasm/calls.js';
import { forget, type NamedChannelOptions, named, REDEFINE } from './named.js';
import { type SSEChannelOptions, settingsOption } from './settings.js';

/**
 * A channel whose streams are Server-Sent Events: objects for readers in this process, a `Response`
 * for clients.
 *
 * @example
 * const channel = new SSEChannel<{ tick: number }>();
 * const response = channel.response(request); // the client listens from here on
 * channel.broadcast({ type: 'tick', payload: 1 });
 *
 * @typeParam Item What a stream yields, when a subclass overrides `adapt` or `messageStream`.
 */
export class SSEChannel<Events extends EventMap<Events> = AnyEvents, Item = SSEEvent<Events>> extends AbstractChannel<
  Events,
  Item
> {
  constructor(options?: SSEChannelOptions);
  /** @internal */
  constructor(options: SSEChannelOptions | undefined, core: ChannelCore);
  constructor(options?: SSEChannelOptions, core = new ChannelCore(settingsOption(options))) {
    const { id } = objectOption(options, 'options');
    super({ id }, core);
  }

  /**
   * Returns the channel that has this name in the whole process, and creates it if it is missing or
   * was closed. A copy of this module finds the same channel, and so does this module after a hot
   * reload. A framework that bundles its pages apart from its routes has such copies. The channel
   * may be of the copy's class.
   *
   * Other options than the channel has replace them, and it begins anew: its clients reconnect and
   * receive `_eric_gap`, its readers in this process end as when the channel is closed. Without
   * options the channel stays as it is.
   *
   * @param name The channel's id. Names are the program's own: each keeps a channel until it is
   * closed.
   * @throws {InvalidChannelException} when an incompatible version of the package has created it.
   * @throws {TypeError} when it is called on a subclass, of which each copy has another one.
   */
  static named<Events extends EventMap<Events> = AnyEvents>(
    name: string,
    options?: NamedChannelOptions,
  ): SSEChannel<Events> {
    if (this !== SSEChannel) throw new TypeError('only SSEChannel itself has named channels, not a subclass');
    const id = idOption(name ?? null, 'name')!;
    return named(id, options, () => new SSEChannel<Events>({ ...objectOption(options, 'options'), id }));
  }

  /** The least time between two deliveries of one stream, in seconds. */
  get streamDelaySeconds(): number {
    return AbstractChannel.coreOf(this).settings.delaySeconds;
  }

  /** The reconnection time of clients, in milliseconds. */
  get retryTimeoutMilliseconds(): number {
    return AbstractChannel.coreOf(this).settings.retryMilliseconds;
  }

  /**
   * Makes the event of a message. An override may return any other `{ event, data, id }`: {@link
   * response} writes just that.
   */
  protected override adapt(message: MessageOf<Events> | GapMessage | ClosedMessage, id: string | undefined): Item {
    return { event: message.type, data: message.payload, retry: this.retryTimeoutMilliseconds, id } as Item;
  }

  /**
   * Adds a listener, starts it and answers with its event stream. The listener exists from this
   * call on, and is removed when the stream ends. The client ends it, an aborted signal, the
   * listener's stop or removal, the channel, a full queue, or a stall. A reconnecting client
   * continues right after its last event ID, or receives a first event of type `_eric_gap` if that
   * is impossible.
   *
   * Chunks of the body are shared between responses: a reader in this process must not write to
   * them.
   *
   * @param request The client's request: its `signal` ends the stream; its header `Last-Event-ID`,
   * else its query parameter `lastEventId`, says where to go on. A `HEAD` request is answered
   * without a body.
   * @throws {InvalidChannelException} when the channel is closed; after {@link gone} the
   * answer is 204.
   * @throws {InvalidListenerException} when the listener is registered, and not to be resumed.
   */
  response(request?: RequestLike | null, options?: ResponseOptions<Events>): Response {
    return this[RESPOND](request, options as ResponseOptions | undefined, toResponse);
  }

  /** Answers through the given function. @internal */
  [RESPOND]<Answered>(
    request: RequestLike | null | undefined,
    options: ResponseOptions | undefined,
    answer: Answer<Answered>,
  ): Answered {
    const adapted = this.#isAdapted()
      ? (listener: MessageQueueListener, options: StreamOptions) =>
          this.messageStream(listener as unknown as MessageQueueListener<Events>, options)
      : undefined;
    return respond(AbstractChannel.coreOf(this), request, options, adapted, answer);
  }

  /**
   * Sends the clients elsewhere: the open responses end one after another, spread over some time.
   * Each ends after the bytes that are ready, and tells its client to reconnect after a random
   * time. Clients that reconnect here meanwhile are sent away too. The channel stays open, also for
   * readers in this process: {@link close} it afterwards.
   *
   * @returns when all responses have ended.
   */
  drain(options?: DrainOptions): Promise<void> {
    return drain(AbstractChannel.coreOf(this), options);
  }

  /**
   * Closes the channel, and answers reconnecting clients with 204, which tells them to stay away.
   */
  gone(): void {
    AbstractChannel.coreOf(this).gone = true;
    this.close();
  }

  override close(): void {
    super.close();
    forget(this);
  }

  /** Begins anew with other settings, unless it has these. @internal */
  [REDEFINE](options: NamedChannelOptions | undefined): void {
    const former = AbstractChannel.coreOf(this);
    const settings = options === undefined ? former.settings : settingsOption(options);
    if (JSON.stringify(settings) === JSON.stringify(former.settings)) return;
    AbstractChannel.setCore(this, new ChannelCore(settings));
    void drain(former, { seconds: 0, retryMilliseconds: 0 }).then(() => closeChannel(former.raw));
  }

  /** Whether a subclass makes the stream's items, so that the core's blocks do not fit. */
  #isAdapted(): boolean {
    return this.adapt !== SSEChannel.prototype.adapt || this.messageStream !== SSEChannel.prototype.messageStream;
  }
}

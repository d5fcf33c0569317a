// AbstractChannel: listeners, and the messages sent to them.

import { InvalidListenerException } from '../model/errors.js';
import {
  type AnyEvents,
  CHANNEL_CLOSED,
  type ClosedMessage,
  type EventMap,
  type EventTypes,
  GAP,
  type Gap,
  type GapMessage,
  type MessageLike,
  type MessageOf,
} from '../model/event-types.js';
import { uniqueId } from '../model/ids.js';
import { historyOption, NO_HISTORY } from '../model/limits.js';
import { Message, Sent, toSent } from '../model/message.js';
import type { ChannelStats } from '../model/stats.js';
import { type MaybeDisposable, makeDisposable } from '../util/dispose.js';
import { idOption, objectOption } from '../util/options.js';
import { reporter } from '../util/report.js';
import { closeChannel, eventId, isClosed, openMessages } from '../wasm/calls.js';
import { ChannelCore } from './core.js';
import { type OwnedStream, owned } from './custom-stream.js';
import { MessageQueueListener } from './listener.js';
import { MessageStream } from './message-stream.js';
import {
  type BroadcastOptions,
  type ChannelOptions,
  exceptOption,
  type RegisterOptions,
  registerOptions,
  type StreamOptions,
  streamOptions,
  type WatchOptions,
} from './options.js';

/**
 * The base of channels: delivers messages to listeners. {@link SSEChannel} is the implementation
 * for Server-Sent Events.
 *
 * A listener receives the messages sent after it was registered, broadcasts and dispatches alike,
 * in exactly the order of the sends, whether or not it has been started. It is delivered to only
 * while running.
 *
 * A subclass changes what a stream yields by overriding {@link adapt}, or {@link messageStream} as
 * a whole.
 *
 * @typeParam Events The payload of each event type, as in `{ tick: number }`; any when left out.
 * @typeParam Item What a stream yields.
 */
export abstract class AbstractChannel<Events extends EventMap<Events> = AnyEvents, Item = unknown> {
  #id: string | undefined;
  #core!: ChannelCore;

  constructor(options?: ChannelOptions);
  /** @internal */
  constructor(options: ChannelOptions | undefined, core: ChannelCore);
  constructor(options?: ChannelOptions, core?: ChannelCore) {
    const { id, history } = objectOption(options, 'options');
    this.#id = idOption(id, 'id');
    AbstractChannel.setCore(
      this,
      core ?? new ChannelCore({ delaySeconds: 0, retryMilliseconds: 0, history: historyOption(history, NO_HISTORY) }),
    );
  }

  /** Returns what a channel is made of. @internal */
  // biome-ignore lint/suspicious/noExplicitAny: channels of every event map are meant
  static coreOf(channel: AbstractChannel<any, any>): ChannelCore {
    return channel.#core;
  }

  /**
   * Puts a core in the place of the channel's former one, whose listeners stay with it.
   * @internal
   */
  // biome-ignore lint/suspicious/noExplicitAny: channels of every event map are meant
  static setCore(channel: AbstractChannel<any, any>, core: ChannelCore): void {
    if (channel.#core) channel.#core.removeListener = undefined;
    channel.#core = core;
    core.removeListener = (listenerId) => channel.removeListener(listenerId);
  }

  /** The channel's id. */
  get id(): string {
    return (this.#id ??= uniqueId());
  }

  /** Whether the channel was closed. */
  get closed(): boolean {
    return isClosed(this.#core.raw);
  }

  /**
   * The event id of the newest broadcast. A reader that loads a state as of this id, and then reads
   * after it (`lastEventId`), misses nothing and receives nothing twice.
   */
  get lastEventId(): string {
    return eventId(this.#core.raw);
  }

  /** How many listeners are registered. */
  get listenerCount(): number {
    return this.#core.subscriptions.size;
  }

  /**
   * Adds a new listener, which is stopped.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   */
  addListener(): MessageQueueListener<Events>;
  /**
   * Adds a new listener of a class, which is stopped.
   *
   * @param listenerClass The class of the listener: `MessageQueueListener` or a subclass.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  addListener<Listener extends MessageQueueListener<Events>>(
    listenerClass: (new () => Listener) | undefined,
    options?: RegisterOptions<Events>,
  ): Listener;
  addListener(
    listenerClass: new () => MessageQueueListener<Events> = MessageQueueListener,
    options?: RegisterOptions<Events>,
  ): MessageQueueListener<Events> {
    const listener = new listenerClass();
    this.registerListener(listener, options);
    return listener;
  }

  /**
   * Adds a listener, which receives the messages sent from now on.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {InvalidListenerException} when a listener with this id is registered already.
   */
  registerListener(listener: MessageQueueListener<Events>, options?: RegisterOptions<Events>): void {
    this.#core.subscribe(listener as unknown as MessageQueueListener, registerOptions(options));
  }

  /**
   * Removes a listener and its waiting messages. Its streams end.
   *
   * @throws {InvalidListenerException} when it is unknown.
   */
  removeListener(listenerId: string): void {
    this.#core.remove(listenerId);
  }

  /** @throws {InvalidListenerException} when it is unknown. */
  getListener(listenerId: string): MessageQueueListener<Events> {
    return this.#core.subscriptionOf(listenerId).listener as unknown as MessageQueueListener<Events>;
  }

  /** Returns the listeners in the order in which they were registered. */
  listeners(): MessageQueueListener<Events>[] {
    return Array.from(
      this.#core.subscriptions.values(),
      (subscription) => subscription.listener as unknown as MessageQueueListener<Events>,
    );
  }

  /**
   * Sends a message to one listener.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in
   * a line.
   * @throws {InvalidListenerException} when the listener is unknown.
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {QueueFullException} when the listener refuses what it has no room for.
   */
  dispatch<Type extends EventTypes<Events>>(listenerId: string, message: MessageLike<Events, Type>): void {
    // The payload's own code runs first, and may remove the listener.
    const sent = toSent(message);
    this.#core.dispatch(listenerId, sent);
  }

  /**
   * Sends a message to every listener. Costs the same however many there are.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in
   * a line.
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {QueueFullException} when a listener refuses what it has no room for, and then nobody
   * gets it.
   */
  broadcast<Type extends EventTypes<Events>>(message: MessageLike<Events, Type>, options?: BroadcastOptions): void {
    const except = options === undefined ? undefined : exceptOption(objectOption(options, 'options').except);
    this.#core.broadcast(toSent(message), except, performance.now());
  }

  /**
   * Delivers the oldest message that waits for a listener, after its `onMessage` has seen it.
   * Messages dropped before it are not reported here, but counted in `listener.stats()`.
   *
   * @throws {NoMessagesException} when nothing waits for it, or it is stopped.
   * @throws {InvalidListenerException} when it is unknown.
   * @throws the errors of `onMessage`; the message is gone then.
   */
  deliverNext(listenerId: string): MessageOf<Events> {
    return this.#core.deliver(listenerId).message as MessageOf<Events>;
  }

  /**
   * Makes a stream's item from a message.
   *
   * @param message The message. When messages are missing before the next one, one of type
   * `_eric_gap`; when the channel was closed, one of type `_eric_channel_closed`.
   * @param id Its place in the channel's order, `<epoch>-<position>`; `undefined` for the closing.
   */
  protected adapt(message: MessageOf<Events> | GapMessage | ClosedMessage, id: string | undefined): Item {
    void id;
    return message as Item;
  }

  /**
   * Opens a stream of a registered listener's messages. It ends when the listener is stopped or
   * removed, or the channel closed; one opened for a stopped listener ends at once. Several streams
   * of one listener share its messages.
   *
   * @throws {InvalidListenerException} when the listener is unknown.
   */
  messageStream(listener: MessageQueueListener<Events>, options?: StreamOptions): AsyncIterableIterator<Item, void> {
    const { raw, settings } = this.#core;
    const { signal, onError } = streamOptions(options);
    const subscription = this.#core.subscriptionOf(listener?.id);
    if (subscription.listener !== (listener as unknown)) {
      throw new InvalidListenerException(`another listener is registered with the id ${listener.id}`);
    }
    const report = reporter(listener.id, onError);
    const hooks = { adapt: (sent: Sent | Gap | undefined) => this.#adapt(sent), report };
    return new MessageStream(openMessages(raw, subscription.key, report), subscription, hooks, {
      delaySeconds: settings.delaySeconds,
      signals: [signal],
    });
  }

  /**
   * Adds a listener, starts it and opens its stream. The listener exists from this call on, not
   * from the first read, and is removed however the stream ends.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   */
  watch(options?: WatchOptions<Events>): OwnedStream<Item, Events> {
    const { signal, onError } = streamOptions(options);
    const listener = options?.listener ?? new MessageQueueListener<Events>();
    const core = this.#core;
    const subscription = core.subscribe(listener as unknown as MessageQueueListener, {
      ...registerOptions(options),
      onError,
    });
    const leave = (): void => core.unsubscribe(subscription);
    try {
      listener.startSync();
      return owned(this.messageStream(listener, { signal, onError }), subscription, leave, [signal]) as OwnedStream<
        Item,
        Events
      >;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Closes the channel: sends and listeners are refused from now on. Messages queued before are
   * delivered; then a running stream yields one event of type `_eric_channel_closed` and ends, and
   * its listener is stopped.
   */
  close(): void {
    closeChannel(this.#core.raw);
  }

  /** Returns the channel's counters. */
  stats(): ChannelStats {
    return this.#core.stats(this.id);
  }

  #adapt(sent: Sent | Gap | undefined): Item {
    if (sent === undefined) return this.adapt(new Message(CHANNEL_CLOSED, undefined), undefined);
    if (!(sent instanceof Sent)) return this.adapt(new Message(GAP, sent) as GapMessage, sent.to);
    return this.adapt(sent.message as MessageOf<Events>, (sent.id ??= sent.eventId));
  }
}

// biome-ignore lint/correctness/noUnusedVariables: a merged declaration repeats its type parameters
export interface AbstractChannel<Events extends EventMap<Events> = AnyEvents, Item = unknown> extends MaybeDisposable {}

makeDisposable(AbstractChannel.prototype, 'dispose', function () {
  this.close();
});

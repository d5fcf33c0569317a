// AbstractChannel: listeners, and the messages sent to them.

import { RawChannel } from '../pkg/eric_sse.js';
import { makeDisposable, type MaybeDisposable } from './dispose.js';
import { InvalidListenerException } from './errors.js';
import {
  CHANNEL_CLOSED,
  type AnyEvents,
  type ClosedMessage,
  type EventMap,
  type EventTypes,
  type MessageLike,
  type MessageOf,
} from './events.js';
import { shownId, uniqueId } from './ids.js';
import { MessageQueueListener } from './listener.js';
import { Message, send, type Sent } from './message.js';
import { functionOption, idOption, objectOption, signalOption } from './options.js';
import { owned, type OwnedStream } from './owned.js';
import { reporter } from './report.js';
import { assertLoaded } from './runtime.js';
import { Seat } from './seat.js';
import { MessageStream } from './stream.js';

export interface ChannelOptions {
  /** The channel's id; a random UUID when left out. */
  id?: string | undefined;
}

export interface StreamOptions {
  /** Ends the stream when it is aborted; at once if it is already. */
  signal?: AbortSignal | null | undefined;
  /** Is told what `onMessage` or `adapt` has thrown. Without it the console is. The stream goes on either way. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface WatchOptions<Events extends EventMap<Events> = AnyEvents> extends StreamOptions {
  /** The listener to read for, which must not be registered yet; a new one when left out. */
  listener?: MessageQueueListener<Events> | undefined;
}

/** How a channel's bytes are made. @internal */
export interface Wire {
  delaySeconds: number;
  retryMilliseconds: number;
}

/** What a channel is made of, for the modules of this package. @internal */
interface Internals {
  raw: RawChannel;
  seats: Map<string, Seat>;
  wire: Wire;
}

/**
 * Adds and starts a listener for what `open` opens, which calls `leave` when that ends.
 *
 * @internal
 */
export let ownedBy: <Events extends EventMap<Events>, T>(
  channel: AbstractChannel<Events>,
  listener: MessageQueueListener<Events> | undefined,
  open: (seat: Seat, leave: () => void) => T,
) => T;

/** Returns what a channel is made of. @internal */
export let internalsOf: (channel: AbstractChannel<any, any>) => Internals; // eslint-disable-line @typescript-eslint/no-explicit-any

/**
 * The base of channels: delivers messages to listeners. {@link SSEChannel} is the implementation for Server-Sent Events.
 *
 * A listener gets what was sent after it was registered, broadcasts and dispatches alike, in exactly the order in which
 * it was sent, whether or not it has been started. It is delivered to only while running.
 *
 * A subclass changes what a stream yields by overriding {@link adapt}, or {@link messageStream} as a whole.
 *
 * @typeParam Events The payload of each event type, as in `{ tick: number }`; any when left out.
 * @typeParam Item What a stream yields.
 */
export abstract class AbstractChannel<Events extends EventMap<Events> = AnyEvents, Item = unknown> {
  static {
    internalsOf = (channel) => channel.#internals;
    ownedBy = (channel, listener, open) => channel.#own(listener, open);
  }

  #id: string | undefined;
  readonly #internals: Internals;

  constructor(options?: ChannelOptions);
  /** @internal */
  constructor(options: ChannelOptions | undefined, wire: Wire);
  constructor(options?: ChannelOptions, wire: Wire = { delaySeconds: 0, retryMilliseconds: 0 }) {
    const { id } = objectOption(options, 'options');
    this.#id = idOption(id, 'id');
    assertLoaded();
    const raw = new RawChannel(wire.delaySeconds > 0, wire.retryMilliseconds);
    this.#internals = { raw, seats: new Map(), wire };
  }

  /** The channel's id. */
  get id(): string {
    return (this.#id ??= uniqueId());
  }

  /** Whether the channel was closed. */
  get closed(): boolean {
    return this.#internals.raw.isClosed();
  }

  /** How many listeners are registered. */
  get listenerCount(): number {
    return this.#internals.seats.size;
  }

  /**
   * Adds a new listener, which is stopped.
   *
   * @param listenerClass What it is made of: `MessageQueueListener` or a subclass.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  addListener(): MessageQueueListener<Events>;
  addListener<Listener extends MessageQueueListener<Events>>(listenerClass: new () => Listener): Listener;
  addListener(listenerClass: new () => MessageQueueListener<Events> = MessageQueueListener): MessageQueueListener<Events> {
    const listener = new listenerClass();
    this.registerListener(listener);
    return listener;
  }

  /**
   * Adds a listener: it gets what is sent from now on.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {InvalidListenerException} when a listener with this id is registered already.
   */
  registerListener(listener: MessageQueueListener<Events>): void {
    if (!(listener instanceof MessageQueueListener)) {
      throw new InvalidListenerException('only a MessageQueueListener can be registered');
    }
    const { raw, seats } = this.#internals;
    seats.set(listener.id, new Seat(raw, listener as unknown as MessageQueueListener));
  }

  /**
   * Removes a listener, with everything that waits for it. Its streams end.
   *
   * @throws {InvalidListenerException} when it is unknown.
   */
  removeListener(listenerId: string): void {
    const seat = this.#seat(listenerId);
    this.#internals.seats.delete(listenerId);
    seat.leave();
  }

  /** @throws {InvalidListenerException} when it is unknown. */
  getListener(listenerId: string): MessageQueueListener<Events> {
    return this.#seat(listenerId).listener as unknown as MessageQueueListener<Events>;
  }

  /** Returns the listeners in the order in which they were registered. */
  listeners(): MessageQueueListener<Events>[] {
    return Array.from(this.#internals.seats.values(), (seat) => seat.listener as unknown as MessageQueueListener<Events>);
  }

  /**
   * Sends a message to one listener.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidListenerException} when the listener is unknown.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  dispatch<Type extends EventTypes<Events>>(listenerId: string, message: MessageLike<Events, Type>): void {
    const sent = send(message);
    // Looked up after the payload's own code has run, which may have removed the listener.
    sent.id = this.#internals.raw.dispatch(this.#seat(listenerId).number, sent);
  }

  /**
   * Sends a message to every listener. Costs the same however many there are.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  broadcast<Type extends EventTypes<Events>>(message: MessageLike<Events, Type>): void {
    const sent = send(message);
    sent.sequence = this.#internals.raw.broadcast(sent);
  }

  /**
   * Delivers the oldest message that waits for a listener, after its `onMessage` has seen it.
   *
   * @throws {NoMessagesException} when nothing waits for it, or it is stopped.
   * @throws {InvalidListenerException} when it is unknown.
   * @throws what `onMessage` throws; the message is gone then.
   */
  deliverNext(listenerId: string): MessageOf<Events> {
    const seat = this.#seat(listenerId);
    seat.refresh();
    return (this.#internals.raw.deliver(seat.number) as Sent).message as MessageOf<Events>;
  }

  /**
   * Makes what a stream yields of a message.
   *
   * @param message The message. When the channel was closed, one of type `_eric_channel_closed`.
   * @param id Where it stands in the channel's order, `<epoch>-<position>`; none for the closing.
   */
  protected adapt(message: MessageOf<Events> | ClosedMessage, id: string | undefined): Item {
    void id;
    return message as Item;
  }

  /**
   * Opens a stream of what a registered listener gets. It ends when the listener is stopped or removed, or the channel
   * closed; one opened for a stopped listener ends at once. Several streams of one listener share its messages.
   *
   * @throws {InvalidListenerException} when the listener is unknown.
   */
  messageStream(listener: MessageQueueListener<Events>, options?: StreamOptions): AsyncIterableIterator<Item, void> {
    const { raw, wire } = this.#internals;
    const { signal, onError } = streamOptions(options);
    const seat = this.#seat(listener?.id);
    if (seat.listener !== (listener as unknown)) {
      throw new InvalidListenerException(`another listener is registered with the id ${listener.id}`);
    }
    const tell = reporter(listener.id, onError);
    const hooks = { adapt: (sent: Sent | undefined) => this.#adapt(sent), report: tell };
    return new MessageStream(raw.open(seat.number, tell), seat, hooks, {
      delaySeconds: wire.delaySeconds,
      signals: [signal],
    });
  }

  /**
   * Adds a listener, starts it and opens its stream. The listener exists from this call on, not from the first read, and
   * is removed whichever way the stream ends.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   */
  watch(options?: WatchOptions<Events>): OwnedStream<Item, Events> {
    const { signal } = streamOptions(options);
    return this.#own(options?.listener, (seat, leave) => {
      const stream = this.messageStream(seat.listener as unknown as MessageQueueListener<Events>, options);
      return owned(stream, seat, leave, [signal]) as OwnedStream<Item, Events>;
    });
  }

  /**
   * Closes the channel: sends and listeners are refused from now on. What was queued before is delivered; then a running
   * stream yields one event of type `_eric_channel_closed` and ends, and its listener is stopped.
   */
  close(): void {
    this.#internals.raw.close();
  }

  #own<T>(
    listener: MessageQueueListener<Events> = new MessageQueueListener<Events>(),
    open: (seat: Seat, leave: () => void) => T,
  ): T {
    this.registerListener(listener);
    const seat = this.#seat(listener.id);
    const leave = (): void => {
      // Another one may have come by this id since, when the listener was removed before its stream.
      if (this.#internals.seats.get(listener.id) === seat) this.removeListener(listener.id);
    };
    listener.startSync();
    try {
      return open(seat, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  #adapt(sent: Sent | undefined): Item {
    if (sent === undefined) return this.adapt(new Message(CHANNEL_CLOSED, undefined), undefined);
    sent.id ??= this.#internals.raw.eventId(sent.sequence);
    return this.adapt(sent.message as MessageOf<Events>, sent.id);
  }

  #seat(listenerId: string): Seat {
    const seat = this.#internals.seats.get(listenerId);
    if (seat === undefined) {
      throw new InvalidListenerException(`no listener of the channel has the id ${shownId(listenerId)}`);
    }
    return seat;
  }
}

export interface AbstractChannel<Events extends EventMap<Events> = AnyEvents, Item = unknown> extends MaybeDisposable {}

makeDisposable(AbstractChannel.prototype, 'dispose', function () {
  this.close();
});

/** Checks what is common to the options of all streams. */
export function streamOptions(options: StreamOptions | undefined): StreamOptions {
  const { signal, onError } = objectOption(options, 'options');
  return { signal: signalOption(signal, 'signal'), onError: functionOption(onError, 'onError') };
}

// AbstractChannel: listeners, and the messages sent to them.

import { RawChannel } from '../../pkg/eric_sse.js';
import { InvalidListenerException, QueueFullException } from '../model/errors.js';
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
import { type FilterOptions, filterOption } from '../model/filter.js';
import { shownId, uniqueId } from '../model/ids.js';
import {
  type History,
  type HistoryOptions,
  historyOption,
  NO_HISTORY,
  type QueueOptions,
  queueOption,
} from '../model/limits.js';
import { Epoch, Message, Sent, send } from '../model/message.js';
import { type ChannelStats, countsOf } from '../model/stats.js';
import type { Ending } from '../response/liveness.js';
import { lastEventIdOption } from '../response/request-id.js';
import { type MaybeDisposable, makeDisposable } from '../util/dispose.js';
import { functionOption, idOption, objectOption, signalOption } from '../util/options.js';
import { reporter } from '../util/report.js';
import { assertLoaded, given } from '../wasm/module.js';
import { type OwnedStream, owned } from './custom-stream.js';
import { MessageQueueListener } from './listener.js';
import { MessageStream } from './message-stream.js';
import { Seat, type SeatOptions } from './subscription.js';

export interface ChannelOptions {
  /** The channel's id; a random UUID when left out. */
  id?: string | undefined;
  /** How much is kept for clients that come back; nothing by default, for an `SSEChannel` 1,024 messages, 1 MiB and 300 seconds. */
  history?: HistoryOptions | undefined;
}

/** How a listener is registered. */
export interface RegisterOptions<Events extends EventMap<Events> = AnyEvents> extends FilterOptions<Events> {
  /** How much may wait for the listener; any number when left out. With it, the oldest are dropped unless it says otherwise. */
  queue?: QueueOptions | undefined;
  /** Goes on right after this event id, as far as the history reaches; a first message of type `_eric_gap` says if it does not. */
  lastEventId?: string | undefined;
}

export interface BroadcastOptions {
  /** The listeners, or their ids, that do not get it: not when they come back for a replay either. */
  except?: MessageQueueListener | string | readonly (MessageQueueListener | string)[] | undefined;
}

export interface StreamOptions {
  /** Ends the stream when it is aborted; at once if it is already. */
  signal?: AbortSignal | null | undefined;
  /** Is told what `onMessage` or `adapt` has thrown. Without it the console is. The stream goes on either way. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface WatchOptions<Events extends EventMap<Events> = AnyEvents>
  extends StreamOptions,
    RegisterOptions<Events> {
  /** The listener to read for, which must not be registered yet; a new one when left out. */
  listener?: MessageQueueListener<Events> | undefined;
}

/** How a channel's bytes are made, and how many are kept. @internal */
export interface Wire {
  delaySeconds: number;
  retryMilliseconds: number;
  history: History;
}

/** What a channel is made of, for the modules of this package. @internal */
interface Internals {
  raw: RawChannel;
  epoch: Epoch;
  seats: Map<string, Seat>;
  wire: Wire;
  /** The responses that are open. */
  readonly connections: Set<Ending>;
  /** How many responses have ended, by their reason. */
  readonly ended: Record<string, number>;
  /** Whether clients are being sent elsewhere. */
  draining: boolean;
  /** Whether clients are told to stay away. */
  gone: boolean;
  /** @throws {InvalidChannelException | InvalidListenerException} when it cannot be registered. */
  register(listener: MessageQueueListener, options: SeatOptions): Seat;
}

/** Returns what a channel is made of. @internal */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export let internalsOf: (channel: AbstractChannel<any, any>) => Internals;

/**
 * Sends to everybody but those with the ids in `except`, a line each, what was sent at a time of `performance.now()`.
 *
 * @throws {InvalidChannelException | QueueFullException} as `broadcast` does. @internal
 */
export let broadcastOn: (
  // biome-ignore lint/suspicious/noExplicitAny: channels of every event map are meant
  channel: AbstractChannel<any, any>,
  sent: Sent,
  except: string | undefined,
  at: number,
) => void;

/** Returns the seat of a listener. @internal */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export const seatOf = (channel: AbstractChannel<any, any>, listenerId: string): Seat | undefined =>
  internalsOf(channel).seats.get(listenerId);

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
    broadcastOn = (channel, sent, except, at) => channel.#broadcast(sent, except, at);
  }

  #id: string | undefined;
  readonly #internals: Internals;

  constructor(options?: ChannelOptions);
  /** @internal */
  constructor(options: ChannelOptions | undefined, wire: Wire);
  constructor(options?: ChannelOptions, wire?: Wire) {
    const { id, history } = objectOption(options, 'options');
    this.#id = idOption(id, 'id');
    wire ??= { delaySeconds: 0, retryMilliseconds: 0, history: historyOption(history, NO_HISTORY) };
    assertLoaded();
    const { messages, bytes, seconds } = wire.history;
    const raw = new RawChannel(
      wire.delaySeconds > 0,
      wire.retryMilliseconds,
      messages,
      bytes,
      seconds * 1000,
      undefined,
      0,
      0,
    );
    const register = (listener: MessageQueueListener, options: SeatOptions): Seat => this.#register(listener, options);
    this.#internals = {
      raw,
      epoch: new Epoch(raw),
      seats: new Map(),
      wire,
      connections: new Set(),
      ended: {},
      draining: false,
      gone: false,
      register,
    };
  }

  /** The channel's id. */
  get id(): string {
    return (this.#id ??= uniqueId());
  }

  /** Whether the channel was closed. */
  get closed(): boolean {
    return this.#internals.raw.isClosed();
  }

  /**
   * The event id of the newest broadcast. Whoever is shown the state of things as of this id, and then reads after it
   * (`lastEventId`), misses nothing and gets nothing twice.
   */
  get lastEventId(): string {
    return this.#internals.raw.eventId();
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
   * Adds a listener: it gets what is sent from now on.
   *
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {InvalidListenerException} when a listener with this id is registered already.
   */
  registerListener(listener: MessageQueueListener<Events>, options?: RegisterOptions<Events>): void {
    this.#register(listener, registerOptions(options));
  }

  #register(listener: MessageQueueListener<Events>, options: SeatOptions): Seat {
    if (!(listener instanceof MessageQueueListener)) {
      throw new InvalidListenerException('only a MessageQueueListener can be registered');
    }
    const { raw, seats } = this.#internals;
    if (seats.has(listener.id) && !this.closed) {
      throw new InvalidListenerException(`a listener is registered already with the id ${shownId(listener.id)}`);
    }
    const seat = new Seat(raw, listener as unknown as MessageQueueListener, options);
    seats.set(listener.id, seat);
    return seat;
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
    return Array.from(
      this.#internals.seats.values(),
      (seat) => seat.listener as unknown as MessageQueueListener<Events>,
    );
  }

  /**
   * Sends a message to one listener.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidListenerException} when the listener is unknown.
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {QueueFullException} when the listener refuses what it has no room for.
   */
  dispatch<Type extends EventTypes<Events>>(listenerId: string, message: MessageLike<Events, Type>): void {
    const sent = send(message);
    // Looked up after the payload's own code has run, which may have removed the listener.
    const { number } = this.#seat(listenerId);
    const answer = this.#internals.raw.dispatch(number, sent, sent.bytes);
    // Before anything else is given.
    if (answer !== 0) sent.id = given as string;
    this.#followCore(sent, answer);
  }

  /**
   * Sends a message to every listener. Costs the same however many there are.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidChannelException} when the channel is closed.
   * @throws {QueueFullException} when a listener refuses what it has no room for, and then nobody gets it.
   */
  broadcast<Type extends EventTypes<Events>>(message: MessageLike<Events, Type>, options?: BroadcastOptions): void {
    const except = options === undefined ? undefined : exceptOption(objectOption(options, 'options').except);
    this.#broadcast(send(message), except, performance.now());
  }

  #broadcast(sent: Sent, except: string | undefined, at: number): void {
    sent.epoch = this.#internals.epoch;
    const sequence = this.#internals.raw.broadcast(sent, sent.bytes, except, at);
    sent.sequence = Math.abs(sequence);
    this.#followCore(sent, sequence);
  }

  /** Throws what a message was refused for; removes the listeners that the core has disconnected for it, because they were full. */
  #followCore(sent: Sent, answer: number): void {
    if (answer > 0) return;
    if (answer === 0) throw withRefused(given, sent);
    const { raw, seats } = this.#internals;
    for (const seat of [...seats.values()]) {
      if (raw.isSeated(seat.number)) continue;
      seat.full = true;
      this.removeListener(seat.listener.id);
    }
  }

  /**
   * Delivers the oldest message that waits for a listener, after its `onMessage` has seen it. What was dropped before it is not told
   * here, but counted in `listener.stats()`.
   *
   * @throws {NoMessagesException} when nothing waits for it, or it is stopped.
   * @throws {InvalidListenerException} when it is unknown.
   * @throws what `onMessage` throws; the message is gone then.
   */
  deliverNext(listenerId: string): MessageOf<Events> {
    const seat = this.#seat(listenerId);
    seat.refresh();
    if (!this.#internals.raw.deliver(seat.number)) throw given;
    return (given as Sent).message as MessageOf<Events>;
  }

  /**
   * Makes what a stream yields of a message.
   *
   * @param message The message. When messages are missing before the next one, one of type `_eric_gap`; when the channel was
   * closed, one of type `_eric_channel_closed`.
   * @param id Where it stands in the channel's order, `<epoch>-<position>`; none for the closing.
   */
  protected adapt(message: MessageOf<Events> | GapMessage | ClosedMessage, id: string | undefined): Item {
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
    const hooks = { adapt: (sent: Sent | Gap | undefined) => this.#adapt(sent), report: tell };
    return new MessageStream(raw.open(seat.number, false, tell), seat, hooks, {
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
    const { signal, onError } = streamOptions(options);
    const listener = options?.listener ?? new MessageQueueListener<Events>();
    const seat = this.#register(listener, { ...registerOptions(options), onError });
    const leave = (): void => {
      // Another one may have come by this id since, when the listener was removed before its stream.
      if (this.#internals.seats.get(listener.id) === seat) this.removeListener(listener.id);
    };
    try {
      listener.startSync();
      return owned(this.messageStream(listener, { signal, onError }), seat, leave, [signal]) as OwnedStream<
        Item,
        Events
      >;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Closes the channel: sends and listeners are refused from now on. What was queued before is delivered; then a running
   * stream yields one event of type `_eric_channel_closed` and ends, and its listener is stopped.
   */
  close(): void {
    this.#internals.raw.close();
  }

  /** Returns what became of the messages so far. */
  stats(): ChannelStats {
    const { raw, seats, ended } = this.#internals;
    const numbers = raw.stats();
    const { refused, ...counts } = countsOf(numbers);
    const [broadcasts = 0, full = 0, , messages = 0, bytes = 0] = numbers.slice(10);
    let connected = 0;
    for (const seat of seats.values()) connected += seat.streams.size > 0 ? 1 : 0;
    return {
      id: this.id,
      closed: this.closed,
      listeners: seats.size,
      connected,
      broadcasts,
      ...counts,
      refused: { ...refused, full },
      history: { messages, bytes },
      ended: { ...ended },
    };
  }

  #adapt(sent: Sent | Gap | undefined): Item {
    if (sent === undefined) return this.adapt(new Message(CHANNEL_CLOSED, undefined), undefined);
    if (!(sent instanceof Sent)) return this.adapt(new Message(GAP, sent) as GapMessage, sent.to);
    return this.adapt(sent.message as MessageOf<Events>, (sent.id ??= sent.eventId));
  }

  #seat(listenerId: string): Seat {
    const seat = this.#internals.seats.get(listenerId);
    if (seat === undefined) {
      throw new InvalidListenerException(`no listener of the channel has the id ${shownId(listenerId)}`);
    }
    return seat;
  }
}

// biome-ignore lint/correctness/noUnusedVariables: a merged declaration repeats its type parameters
export interface AbstractChannel<Events extends EventMap<Events> = AnyEvents, Item = unknown> extends MaybeDisposable {}

makeDisposable(AbstractChannel.prototype, 'dispose', function () {
  this.close();
});

/** Checks how a listener is to be registered. */
function registerOptions<Events extends EventMap<Events>>(options: RegisterOptions<Events> | undefined): SeatOptions {
  const given = objectOption(options, 'options');
  const { queue, lastEventId } = given;
  return {
    ...(queue === undefined ? {} : { queue: queueOption(queue, 'drop-oldest') }),
    filter: filterOption(given as FilterOptions),
    lastEventId: lastEventIdOption(lastEventId),
  };
}

/** Returns the ids, a line each: none has a line feed. `undefined` for none: what is not for everybody is not shared. @internal */
export function exceptOption(except: BroadcastOptions['except']): string | undefined {
  const all = except === undefined ? [] : Array.isArray(except) ? except : [except];
  // Not `undefined`, which would do for an option that is left out.
  const idOf = (one: MessageQueueListener | string): string | undefined =>
    idOption(one instanceof MessageQueueListener ? one.id : (one ?? null), 'except');
  return all.map(idOf).join('\n') || undefined;
}

/** Gives the sender back what was refused. */
function withRefused(error: unknown, { message }: Sent): unknown {
  if (error instanceof QueueFullException) error.refused = message;
  return error;
}

/** Checks what is common to the options of all streams. */
export function streamOptions(options: StreamOptions | undefined): StreamOptions {
  const { signal, onError } = objectOption(options, 'options');
  return { signal: signalOption(signal, 'signal'), onError: functionOption(onError, 'onError') };
}

// ChannelCore: what a channel is made of. `AbstractChannel` is its public face.

import { RawChannel } from '../../pkg/eric_sse.js';
import { InvalidListenerException, QueueFullException } from '../model/errors.js';
import { shownId } from '../model/ids.js';
import type { History } from '../model/limits.js';
import { assertLoaded } from '../model/loaded.js';
import { Epoch, type Sent } from '../model/message.js';
import { type ChannelStats, countsOf } from '../model/stats.js';
import { given } from '../wasm/module.js';
import type { Ending } from './ending.js';
import { MessageQueueListener } from './listener.js';
import { Subscription, type SubscriptionOptions } from './subscription.js';

/** How a channel's bytes are made, and how many are kept. */
export interface StreamSettings {
  delaySeconds: number;
  retryMilliseconds: number;
  history: History;
}

/** The life of a channel that another one continues. */
export interface FormerLife {
  epoch: string;
  /** The number of its newest broadcast. */
  sequence: number;
  /** The number of its newest dispatch, or a later one. */
  dispatched: number;
}

export class ChannelCore {
  readonly raw: RawChannel;
  readonly epoch: Epoch;
  readonly settings: StreamSettings;
  /** By the listeners' ids, in the order in which they were registered. */
  readonly subscriptions = new Map<string, Subscription>();
  /** The open responses. */
  readonly connections = new Set<Ending>();
  /** How many responses have ended, by their reason. */
  readonly ended: Record<string, number> = {};
  /** Whether clients are being sent elsewhere. */
  draining = false;
  /** Whether clients must stay away. */
  gone = false;

  constructor(settings: StreamSettings, former?: FormerLife) {
    assertLoaded();
    const { delaySeconds, retryMilliseconds, history } = settings;
    this.settings = settings;
    this.raw = new RawChannel(
      delaySeconds > 0,
      retryMilliseconds,
      history.messages,
      history.bytes,
      history.seconds * 1000,
      former?.epoch,
      former?.sequence ?? 0,
      former?.dispatched ?? 0,
    );
    this.epoch = new Epoch(this.raw);
  }

  /**
   * @throws {InvalidChannelException | InvalidListenerException} if the listener cannot be
   *   registered.
   */
  subscribe(listener: MessageQueueListener, options: SubscriptionOptions): Subscription {
    if (!(listener instanceof MessageQueueListener)) {
      throw new InvalidListenerException('only a MessageQueueListener can be registered');
    }
    if (this.subscriptions.has(listener.id) && !this.raw.isClosed()) {
      throw new InvalidListenerException(`a listener with the id ${shownId(listener.id)} is already registered`);
    }
    const subscription = new Subscription(this.raw, listener, options);
    this.subscriptions.set(listener.id, subscription);
    return subscription;
  }

  /** @throws {InvalidListenerException} if no listener has the id. */
  subscriptionOf(listenerId: string): Subscription {
    const subscription = this.subscriptions.get(listenerId);
    if (subscription === undefined) {
      throw new InvalidListenerException(`no listener of the channel has the id ${shownId(listenerId)}`);
    }
    return subscription;
  }

  /** Removes a listener, unless it was removed: another one may have its id by now. */
  unsubscribe(subscription: Subscription): void {
    const { id } = subscription.listener;
    if (this.subscriptions.get(id) !== subscription) return;
    this.subscriptions.delete(id);
    subscription.leave();
  }

  /**
   * Sends to everybody except the listeners with the ids in `except`, one a line.
   *
   * @param at When it was sent, in milliseconds of `performance.now()`.
   * @throws {InvalidChannelException | QueueFullException} as `broadcast` does.
   */
  broadcast(sent: Sent, except: string | undefined, at: number): void {
    sent.epoch = this.epoch;
    const sequence = this.raw.broadcast(sent, sent.bytes, except, at);
    sent.sequence = Math.abs(sequence);
    this.#followCore(sent, sequence);
  }

  /**
   * @throws {InvalidListenerException | InvalidChannelException | QueueFullException} as `dispatch`
   *   does.
   */
  dispatch(listenerId: string, sent: Sent): void {
    const answer = this.raw.dispatch(this.subscriptionOf(listenerId).number, sent, sent.bytes);
    // Read before the core hands over anything else.
    if (answer !== 0) sent.id = given as string;
    this.#followCore(sent, answer);
  }

  /**
   * @throws {NoMessagesException | InvalidListenerException} as `deliverNext` does, and what
   *   `onMessage` throws.
   */
  deliver(listenerId: string): Sent {
    const subscription = this.subscriptionOf(listenerId);
    subscription.refresh();
    if (!this.raw.deliver(subscription.number)) throw given;
    return given as Sent;
  }

  /**
   * Throws the error that refused a message; removes the listeners that the core disconnected
   * because they were full.
   */
  #followCore(sent: Sent, answer: number): void {
    if (answer > 0) return;
    if (answer === 0) throw withRefused(given, sent);
    for (const subscription of [...this.subscriptions.values()]) {
      if (this.raw.isSeated(subscription.number)) continue;
      subscription.full = true;
      this.unsubscribe(subscription);
    }
  }

  stats(id: string): ChannelStats {
    const numbers = this.raw.stats();
    const { refused, ...counts } = countsOf(numbers);
    const [broadcasts = 0, full = 0, , messages = 0, bytes = 0] = numbers.slice(10);
    let connected = 0;
    for (const { streams } of this.subscriptions.values()) connected += streams.size > 0 ? 1 : 0;
    return {
      id,
      closed: this.raw.isClosed(),
      listeners: this.subscriptions.size,
      connected,
      broadcasts,
      ...counts,
      refused: { ...refused, full },
      history: { messages, bytes },
      ended: { ...this.ended },
    };
  }
}

/** Returns the refused message to its sender. */
function withRefused(error: unknown, { message }: Sent): unknown {
  if (error instanceof QueueFullException) error.refused = message;
  return error;
}

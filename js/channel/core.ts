// ChannelCore: what a channel is made of. `AbstractChannel` is its public face.

import { InvalidListenerException } from '../model/errors.js';
import { shownId } from '../model/ids.js';
import { assertLoaded } from '../model/loaded.js';
import type { Epoch, Sent } from '../model/message.js';
import type { ChannelStats } from '../model/stats.js';
import { broadcast, counters, createChannel, deliver, dispatch, isClosed } from '../wasm/calls.js';
import type { ChannelHandle, FormerLife, StreamSettings } from '../wasm/core.js';
import { CoreEpoch } from '../wasm/epoch.js';
import type { Ending } from './ending.js';
import { isListener, type MessageQueueListener } from './listener.js';
import { Subscription, type SubscriptionOptions } from './subscription.js';

export class ChannelCore {
  readonly raw: ChannelHandle;
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
    this.settings = settings;
    this.raw = createChannel(settings, former);
    this.epoch = new CoreEpoch(this.raw);
  }

  /**
   * @throws {InvalidChannelException | InvalidListenerException} if the listener cannot be
   *   registered.
   */
  subscribe(listener: MessageQueueListener, options: SubscriptionOptions): Subscription {
    if (!isListener(listener)) {
      throw new InvalidListenerException('only a MessageQueueListener of this version of eric-sse can be registered');
    }
    if (this.subscriptions.has(listener.id) && !isClosed(this.raw)) {
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

  /** Calls the channel's `removeListener`, which a subclass may override. A channel sets it. */
  removeListener: ((listenerId: string) => void) | undefined;

  /** Removes a listener, unless it was removed: another one may have its id by now. */
  unsubscribe(subscription: Subscription): void {
    const { id } = subscription.listener;
    if (this.subscriptions.get(id) === subscription) (this.removeListener ?? this.remove).call(this, id);
  }

  /** @throws {InvalidListenerException} if no listener has the id. */
  remove(listenerId: string): void {
    const subscription = this.subscriptionOf(listenerId);
    this.subscriptions.delete(listenerId);
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
    const disconnected = broadcast(this.raw, sent, except, at);
    if (disconnected) this.#removeDisconnected(disconnected);
  }

  /**
   * @throws {InvalidListenerException | InvalidChannelException | QueueFullException} as `dispatch`
   *   does.
   */
  dispatch(listenerId: string, sent: Sent): void {
    const isDisconnected = dispatch(this.raw, this.subscriptionOf(listenerId).key, sent);
    if (isDisconnected) this.#removeDisconnected([listenerId]);
  }

  /**
   * @throws {NoMessagesException | InvalidListenerException} as `deliverNext` does, and what
   *   `onMessage` throws.
   */
  deliver(listenerId: string): Sent {
    const subscription = this.subscriptionOf(listenerId);
    subscription.refresh();
    return deliver(this.raw, subscription.key);
  }

  /** Removes the listeners that the core has disconnected, because their queues were full. */
  #removeDisconnected(listenerIds: readonly string[]): void {
    // All are found first: an overridden `removeListener` may register another one by an id.
    for (const subscription of listenerIds.map((id) => this.subscriptionOf(id))) {
      subscription.full = true;
      this.unsubscribe(subscription);
    }
    // One slow client is usual. If every listener was too slow, the sender does not yield.
    if (listenerIds[1] && !this.subscriptions.size) {
      console.warn(`eric-sse: all ${listenerIds.length} listeners were disconnected: every queue was full`);
    }
  }

  stats(id: string): ChannelStats {
    const { refused, refusedSends, ...counts } = counters(this.raw);
    let connected = 0;
    for (const { streams } of this.subscriptions.values()) connected += streams.size > 0 ? 1 : 0;
    return {
      id,
      closed: isClosed(this.raw),
      listeners: this.subscriptions.size,
      connected,
      ...counts,
      refused: { ...refused, full: refusedSends },
      ended: { ...this.ended },
    };
  }
}

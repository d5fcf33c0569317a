// StoredCore: the core of a channel whose messages come from a backend.

import { ChannelCore } from '../channel/core.js';
import type { MessageQueueListener } from '../channel/listener.js';
import type { Subscription, SubscriptionOptions } from '../channel/subscription.js';
import type { FormerLife, StreamSettings } from '../wasm/core.js';

export class StoredCore extends ChannelCore {
  readonly #current: (lastEventId: string) => string;

  /** @param current Returns an event id of a former epoch as one of the epoch that is current. */
  constructor(settings: StreamSettings, former: FormerLife, current: (lastEventId: string) => string) {
    super(settings, former);
    this.#current = current;
  }

  /** @throws {RangeError} if the listener would refuse messages that are stored already. */
  override subscribe(listener: MessageQueueListener, options: SubscriptionOptions): Subscription {
    const { queue, lastEventId } = options;
    if (queue?.overflow === 'refuse')
      throw new RangeError(
        "queue.overflow must not be 'refuse' in a stored channel: what was stored has been accepted",
      );
    const subscription = super.subscribe(listener, {
      ...options,
      // The core would report that dispatches may be missing. Those of a stored channel are
      // broadcasts to it, which it has.
      resumable: false,
      lastEventId: lastEventId === undefined ? undefined : this.#current(lastEventId),
    });
    subscription.resumable = options.resumable ?? false;
    return subscription;
  }
}

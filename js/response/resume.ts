// Resuming: a request either gets a new listener or continues a listener that waits for its client.

import type { ChannelCore } from '../channel/core.js';
import { MessageQueueListener } from '../channel/listener.js';
import type { Subscription, SubscriptionOptions } from '../channel/subscription.js';
import { InvalidListenerException } from '../model/errors.js';
import { shownId } from '../model/ids.js';

/**
 * Registers the listener, or resumes the one that is registered.
 *
 * @throws {InvalidListenerException} when the listener is registered and cannot be resumed.
 * @internal
 */
export function subscriptionFor(
  core: ChannelCore,
  given: MessageQueueListener | string | undefined,
  options: SubscriptionOptions,
): Subscription {
  const listener = typeof given === 'string' ? undefined : given;
  const id = typeof given === 'string' ? given : listener?.id;
  const registered = id === undefined ? undefined : core.subscriptions.get(id);
  if (registered === undefined) return core.subscribe(listener ?? new MessageQueueListener({ id }), options);
  if (!registered.resumable || (listener && listener !== registered.listener)) {
    throw new InvalidListenerException(
      `a listener with the id ${shownId(id)} is already registered, and it is not resumable (or is another object)`,
    );
  }
  registered.resume(options.lastEventId);
  // The `onClose` of the response that this one replaces may have removed the listener.
  if (registered.left) return subscriptionFor(core, given, options);
  registered.setFilter(options.filter, options.onError);
  return registered;
}

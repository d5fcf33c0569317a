// The epoch of a channel in the core.

import { parseEventId } from '../model/event-id.js';
import type { Epoch } from '../model/message.js';
import { eventId } from './calls.js';
import type { ChannelHandle } from './core.js';

/** Made when it is first needed: some runtimes have no random numbers while modules load. */
export class CoreEpoch implements Epoch {
  /** A message that the core keeps holds the epoch, which must not hold the channel. */
  readonly #channel: WeakRef<ChannelHandle>;
  #text: string | undefined;

  constructor(channel: ChannelHandle) {
    this.#channel = new WeakRef(channel);
  }

  get text(): string {
    // A reader of the channel holds the channel.
    return (this.#text ??= parseEventId(eventId(this.#channel.deref()!, 0)).epoch);
  }
}

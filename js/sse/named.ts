// Named channels: one channel for a name in the whole process, also where the package is there
// several times.

import { InvalidChannelException } from '../model/errors.js';
import { shownId } from '../model/ids.js';
import type { SSEChannelOptions } from './settings.js';

/** The options of a named channel. Its id is its name. */
export type NamedChannelOptions = Omit<SSEChannelOptions, 'id'>;

/**
 * The name of the method that gives a channel other settings. Copies of the package call it on each
 * other's channels, so a change of its meaning takes another number.
 */
export const REDEFINE: unique symbol = Symbol.for('eric-sse.redefine.1');

/** A channel of any copy of the package. */
interface Named {
  readonly closed: boolean;
  [REDEFINE]?(options: NamedChannelOptions | undefined): void;
}

/** The process's channels, by their names: copies of the package find them by this symbol. */
const CHANNELS: unique symbol = Symbol.for('eric-sse.channels');

function channels(): Map<string, Named> {
  const shared = globalThis as { [CHANNELS]?: Map<string, Named> };
  return (shared[CHANNELS] ??= new Map());
}

/**
 * Returns the open channel that has the name, with the given settings; creates a missing one.
 *
 * @throws {InvalidChannelException} if another version of the package has created it, and cannot be
 *   asked.
 * @internal
 */
export function named<Channel extends Named>(
  name: string,
  options: NamedChannelOptions | undefined,
  create: () => Channel,
): Channel {
  const found = channels().get(name);
  if (found === undefined || found.closed) {
    const channel = create();
    channels().set(name, channel);
    return channel;
  }
  if (!found[REDEFINE]) {
    throw new InvalidChannelException(
      `the channel ${shownId(name)} is of another version of eric-sse: install one version`,
    );
  }
  found[REDEFINE](options);
  return found as Channel;
}

/** Lets go of a channel that has closed. @internal */
export function forget(channel: Named & { id: string }): void {
  if (channels().get(channel.id) === channel) channels().delete(channel.id);
}

// The options of a ChannelObject's methods.

import type { Queue, QueueOptions } from '../../model/limits.js';

/** What `addListener` adds. */
export interface ObjectListenerOptions {
  /** The id that its client will name; a random one when left out. */
  id?: string | undefined;
  /** How much may wait for it; as for a response. */
  queue?: QueueOptions | undefined;
  /** How long it waits for its client; 60 by default. */
  resumeSeconds?: number | undefined;
}

export interface ObjectBroadcastOptions {
  /**
   * The ids of the listeners that do not receive the message. A replay skips it for them as well.
   */
  except?: string | readonly string[] | undefined;
}

/**
 * @throws {RangeError} if a listener would refuse messages that are stored already.
 * @internal
 */
export function refuseNothing(queue: Queue): Queue {
  if (queue.overflow === 'refuse')
    throw new RangeError("queue.overflow must not be 'refuse' in an object: what was stored has been accepted");
  return queue;
}

// The settings of an SSEChannel.

import type { ChannelOptions } from '../channel/options.js';
import { historyOption } from '../model/limits.js';
import { LONGEST_TIMER_SECONDS, numberOption, objectOption } from '../util/options.js';
import type { StreamSettings } from '../wasm/core.js';

export interface SSEChannelOptions extends ChannelOptions {
  /** The least time between two deliveries of one stream, in seconds; 0 by default. */
  streamDelaySeconds?: number | undefined;
  /** The reconnection time that clients receive, in milliseconds; 15,000 by default. */
  retryTimeoutMilliseconds?: number | undefined;
}

/** @throws {TypeError | RangeError} if an option is invalid. @internal */
export function settingsOption(options: SSEChannelOptions | undefined): StreamSettings {
  const { history, streamDelaySeconds, retryTimeoutMilliseconds } = objectOption(options, 'options');
  const delaySeconds = numberOption(streamDelaySeconds, 'streamDelaySeconds', 0, LONGEST_TIMER_SECONDS);
  const retryMilliseconds = numberOption(retryTimeoutMilliseconds, 'retryTimeoutMilliseconds', 15_000);
  if (!Number.isInteger(retryMilliseconds)) throw new RangeError('retryTimeoutMilliseconds must be a whole number');
  return { delaySeconds, retryMilliseconds, history: historyOption(history) };
}

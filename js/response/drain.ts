// Drain: open responses end spread over some time, so that their clients do not all reconnect at
// once.

import type { ChannelCore } from '../channel/core.js';
import { LONGEST_TIMER_SECONDS, numberOption, objectOption } from '../util/options.js';
import { jittered } from '../util/random.js';

export interface DrainOptions {
  /** Over how long the responses end; 10 by default. */
  seconds?: number | undefined;
  /**
   * The mean reconnection time of the clients; that of the channel by default. Each client receives
   * a random one, between half of it and one and a half.
   */
  retryMilliseconds?: number | undefined;
}

/** How often responses are ended while a channel is drained. */
const STEP_MILLISECONDS = 20;

/**
 * @param channel The channel to drain.
 * @internal
 */
export async function drain(
  channel: Pick<ChannelCore, 'connections' | 'draining' | 'settings'>,
  options: DrainOptions | undefined,
): Promise<void> {
  const { seconds, retryMilliseconds } = objectOption(options, 'options');
  const span = numberOption(seconds, 'seconds', 10, LONGEST_TIMER_SECONDS) * 1000;
  const retry = numberOption(retryMilliseconds, 'retryMilliseconds', channel.settings.retryMilliseconds);
  channel.draining = true;
  const left = shuffled([...channel.connections]);
  const [all, start] = [left.length, performance.now()];
  for (;;) {
    const passed = performance.now() - start;
    const due = passed >= span ? all : Math.ceil((all * passed) / span);
    while (left.length > all - due) left.pop()?.finish('drained', spread(retry));
    if (passed >= span) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(STEP_MILLISECONDS, span - passed)));
    if (channel.connections.size === 0) return;
  }
  // An iterator of a subclass gives what is ready only behind this turn.
  if (channel.connections.size > 0) await new Promise((resolve) => setTimeout(resolve, STEP_MILLISECONDS));
  // Clients that read nothing have had their time.
  for (const connection of [...channel.connections]) connection.end('drained');
}

/**
 * Returns a time around this one, at random. A time below a second counts as a second: shorter ones
 * would not spread the clients.
 *
 * @internal
 */
export const spread = (milliseconds: number): number => Math.round(jittered(Math.max(milliseconds, 1000)));

/** Fisher and Yates. */
function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

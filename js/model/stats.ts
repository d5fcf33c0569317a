// Statistics: plain objects that go straight to JSON.

/** The fate of a listener's messages. */
export interface ListenerStats {
  id: string;
  running: boolean;
  /** How many streams and responses read for it. */
  connected: number;
  /** Handed to a reader. */
  delivered: number;
  /**
   * Queued again for a reconnecting client: messages from before the listener was registered, or
   * that it had before it resumed.
   */
  replayed: number;
  /** How many messages wait. */
  queued: number;
  /** How many bytes those have: of their types and data, and 256 for each. */
  bytes: number;
  /** How many broadcasts it is behind the newest one. */
  lag: number;
  /**
   * How many bytes are kept of dispatches that were delivered, in case the client of a listener
   * with `resumeSeconds` has not got them.
   */
  remembered: number;
  dropped: {
    /** The oldest, because the queue was full: `_eric_gap` reports these. */
    overflow: number;
    /** Messages that still waited when a listener left. */
    discarded: number;
  };
  refused: {
    /** `onMessage` has thrown. */
    onMessage: number;
    /** The filter did not want them, or their sender excepted the listener. */
    filter: number;
  };
}

/**
 * The fate of a channel's messages: a broadcast counts once for each listener. Listeners that have
 * left are included.
 */
export interface ChannelStats extends Omit<ListenerStats, 'running' | 'refused'> {
  closed: boolean;
  /** How many listeners there are. */
  listeners: number;
  /** How many listeners have a stream or response open. */
  connected: number;
  /** How many messages were broadcast. */
  broadcasts: number;
  /** How many broadcasts the slowest listener is behind the newest one. */
  lag: number;
  refused: ListenerStats['refused'] & {
    /** Sends that were refused because a listener was full. */
    full: number;
  };
  /** Messages that are kept now, for reconnecting clients and for slow ones. */
  history: { messages: number; bytes: number };
  /** How many responses have ended, by their reason. */
  ended: Record<string, number>;
}

/** The counters that listeners and channels share. @internal */
export type Counts = Pick<
  ListenerStats,
  'delivered' | 'replayed' | 'queued' | 'bytes' | 'lag' | 'remembered' | 'dropped' | 'refused'
>;

/** The counters that only a channel has; zero for a listener. @internal */
export interface TotalCounts {
  broadcasts: number;
  refusedSends: number;
  history: ChannelStats['history'];
}

/** @internal */
export const noCounts = (): Counts => ({
  delivered: 0,
  replayed: 0,
  queued: 0,
  bytes: 0,
  lag: 0,
  remembered: 0,
  dropped: { overflow: 0, discarded: 0 },
  refused: { onMessage: 0, filter: 0 },
});

/** Adds up what a listener has at several channels. @internal */
export function sumOf(all: Counts[]): Counts {
  const sum = noCounts();
  for (const counts of all) {
    for (const key of ['delivered', 'replayed', 'queued', 'bytes', 'lag', 'remembered'] as const)
      sum[key] += counts[key];
    sum.dropped.overflow += counts.dropped.overflow;
    sum.dropped.discarded += counts.dropped.discarded;
    sum.refused.onMessage += counts.refused.onMessage;
    sum.refused.filter += counts.refused.filter;
  }
  return sum;
}

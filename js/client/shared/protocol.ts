// The messages between the tabs that share a connection.

import type { ReceivedEvent } from '../decoder/decoder.js';
import type { ConnectionEnd, StateChange } from '../options.js';

export type TabMessage =
  /** From the leader: `after` is the last event ID before the events, `last` that behind them. */
  | { kind: 'events'; after: string; last: string; events: ReceivedEvent[] }
  /** To the leader: a tab has the events up to an ID; without one it wants those from now on. */
  | { kind: 'ask'; tab: string; after: string | undefined }
  /** From the leader to one tab: the rest, which begins with a gap if the leader lacks some. */
  | { kind: 'answer'; tab: string; after: string; last: string; events: ReceivedEvent[]; state: SentState }
  /** From the leader. */
  | { kind: 'state'; state: SentState }
  /** To the leader: it makes a new request. */
  | { kind: 'reconnect' }
  /** To all: the connection has ended. */
  | { kind: 'end'; reason: ConnectionEnd['reason']; message?: string | undefined };

/** A state in a form that crosses to other tabs. */
export interface SentState {
  state: Exclude<StateChange['state'], 'ended'>;
  delayMilliseconds: number;
}

/** The name of the lock and of the channel of all tabs that share a connection. */
export const nameOf = (url: string, key: string): string => `eric-sse ${JSON.stringify([url, key])}`;

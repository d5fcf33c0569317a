// The messages between the tabs that share a connection.

import type { ReceivedEvent } from '../decoder/decoder.js';
import type { ConnectionEnd, StateChange } from '../options.js';

export type TabMessage =
  | EventsMessage
  /** To the leader: a tab has the events up to an ID; without one it wants those from now on. */
  | { kind: 'ask'; tab: string; after: string | undefined }
  /** From the leader to one tab: all that it has behind the asked ID, or all that it has. */
  | (Omit<EventsMessage, 'kind'> & { kind: 'answer'; tab: string; asked: string | undefined; state: SentState })
  /** From the leader to one tab: it cannot answer yet. */
  | { kind: 'wait'; tab: string; state: SentState }
  /** From the leader. */
  | { kind: 'state'; state: SentState }
  /** To the leader: it makes a new request. */
  | { kind: 'reconnect' }
  /** To all: the connection has ended. */
  | { kind: 'end'; reason: ConnectionEnd['reason']; message?: string | undefined };

/**
 * From the leader: `after` is the last event ID before the events, `last` that behind them. The
 * first events of a leader that began without an ID have no `after`.
 */
export interface EventsMessage {
  kind: 'events';
  after: string | undefined;
  last: string;
  events: ReceivedEvent[];
}

/** A state in a form that crosses to other tabs. */
export interface SentState {
  state: Exclude<StateChange['state'], 'ended'>;
  delayMilliseconds: number;
}

/** Whether a value is such a message: other scripts of the origin may post to the channel, too. */
export function isMessage(value: unknown): value is TabMessage {
  const { kind, tab, last, events, state } = Object(value);
  if (kind === 'events' || kind === 'answer') {
    if (typeof last !== 'string' || !Array.isArray(events) || !events.every(isEvent)) return false;
    if (kind === 'events') return true;
  }
  if (kind === 'end' || kind === 'reconnect') return true;
  if (kind === 'ask') return typeof tab === 'string';
  return (kind === 'answer' || kind === 'wait' || kind === 'state') && typeof Object(state).state === 'string';
}

const isEvent = (value: unknown): boolean => {
  const { type, data, lastEventId } = Object(value);
  return [type, data, lastEventId].every((text) => typeof text === 'string');
};

/**
 * The name of the lock and of the channel of all tabs that share a connection. It has the version
 * of the messages: tabs that were loaded before a deployment may have another one.
 */
export const nameOf = (url: string, key: string): string => `eric-sse 1 ${JSON.stringify([url, key])}`;

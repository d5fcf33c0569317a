// Reconnecting clients of a service worker: where each of them goes on.
//
// Chromium does not show a service worker the `Last-Event-ID` with which an `EventSource`
// reconnects. So it is remembered here what a response that has ended had handed on, for the next
// request of the same client for the same URL. A stream that a client has left by itself is not
// remembered: its next `EventSource` is a new one.

import { isBefore, parseEventId } from '../../model/event-id.js';
import type { Sink } from '../../response/body.js';
import { lastIdIn } from '../../response/last-id-in.js';

interface Ended {
  lastEventId: string;
  /** The most ended responses whose clients have not reconnected. */
  count: number;
}

const ended = new Map<string, Ended>();

/** A client that closes its page while it waits never reconnects. */
const MOST = 1000;

const keyOf = (clientId: string, url: string): string => `${clientId} ${url}`;

/**
 * Returns the last event id of a reconnecting client, and forgets it; `undefined` for a new one.
 */
export function comingBack(clientId: string, url: string): string | undefined {
  const key = keyOf(clientId, url);
  const found = ended.get(key);
  if (found && --found.count === 0) ended.delete(key);
  return found?.lastEventId;
}

/** Watches what is handed on, up to the end. */
export function watched(sink: Sink, request: Request, clientId: string): Sink {
  let lastEventId: string | undefined;
  return {
    enqueue(bytes) {
      sink.enqueue(bytes);
      lastEventId = lastIdIn(bytes) ?? lastEventId;
    },
    close(reason) {
      sink.close(reason);
      // A client that has aborted the request has left; a closed channel has said so.
      if (lastEventId === undefined || clientId === '' || request.signal.aborted || reason === 'closed') return;
      remember(keyOf(clientId, request.url), lastEventId);
    },
    error: (error) => sink.error(error),
  };
}

function remember(key: string, lastEventId: string): void {
  const before = ended.get(key);
  ended.delete(key);
  // Of several of one client and URL nobody knows which comes first: each goes on where the one
  // that was furthest behind has to.
  const furthestBehind =
    before && isBefore(parseEventId(before.lastEventId), parseEventId(lastEventId)) ? before.lastEventId : lastEventId;
  ended.set(key, { lastEventId: furthestBehind, count: (before?.count ?? 0) + 1 });
  if (ended.size > MOST) ended.delete(ended.keys().next().value!);
}

// A connection that all tabs of a browser share.

import type { AnyEvents, EventMap } from '../../model/event-types.js';
import { Connection } from '../connect.js';
import type { ConnectOptions } from '../options.js';
import { RawConnection } from '../raw-connection.js';
import type { EventsOf, Schemas } from '../schema.js';
import { nameOf, type TabMessage } from './protocol.js';
import { SharedSource } from './shared-source.js';

export interface ShareOptions {
  /**
   * Tabs share a connection if they have the same URL and the same key. The key names the owner of
   * the events, such as the user who is logged in. It is required beside `headers`.
   */
  key?: string | undefined;
}

/** Options of a connection that tabs share. It is a GET that always reconnects. */
export type ConnectSharedOptions = ShareOptions & Omit<ConnectOptions, 'method' | 'body' | 'reconnect' | 'resume'>;

/**
 * Connects to an event stream once for all tabs, and workers, of an origin in one browser. Where
 * there are no Web Locks or no `BroadcastChannel`, each has a connection of its own.
 *
 * @example
 * for await (const { type, data } of connectShared('/events', { key: userId })) show(type, data);
 * @throws {TypeError | RangeError} when an option is invalid.
 */
export function connectShared<Given extends Schemas>(
  url: string | URL,
  options: ConnectSharedOptions & { schemas: Given },
): Connection<EventsOf<Given>>;
export function connectShared<Events extends EventMap<Events> = AnyEvents>(
  url: string | URL,
  options?: ConnectSharedOptions,
): Connection<Events>;
export function connectShared(url: string | URL, options: ConnectSharedOptions = {}): Connection {
  const { key, headers } = options;
  if (headers !== undefined && key === undefined)
    throw new TypeError('key is required beside headers: it keeps the events of one user from the tabs of another');
  const name = sharedName(url, key);
  return new Connection(url, options, (settings, queue, changed) =>
    canShare()
      ? new SharedSource(name, settings, queue, changed)
      : new RawConnection(settings, { push: (events) => queue.push(events), room: () => queue.room(), changed }),
  );
}

/** Ends a shared connection in all tabs: when a user logs out, for example. */
export function closeShared(url: string | URL, { key }: ShareOptions = {}): void {
  if (!canShare()) return;
  const channel = new BroadcastChannel(sharedName(url, key));
  channel.postMessage({ kind: 'end', reason: 'left' } satisfies TabMessage);
  channel.close();
}

const sharedName = (url: string | URL, key = ''): string => nameOf(new URL(url, globalThis.location?.href).href, key);

const canShare = (): boolean => globalThis.navigator?.locks !== undefined && typeof BroadcastChannel === 'function';

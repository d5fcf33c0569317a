// A connection to several channels, which programs join and leave.

import type { AnyEvents, CHANNEL_CLOSED, EventMap } from '../../model/event-types.js';
import { idOption, shown } from '../../util/options.js';
import { Connection } from '../connect.js';
import type { ClientEvent, ConnectOptions, ConnectTarget } from '../options.js';
import type { EventsOf, Schemas } from '../schema.js';
import { ChannelSource } from './channel-source.js';

/** Options of a connection to several channels. It is a GET that always reconnects. */
export interface ConnectChannelsOptions extends Omit<ConnectOptions, 'method' | 'body' | 'reconnect' | 'resume'> {
  /** The names of the channels to begin with. */
  channels: Iterable<string>;
}

/** An event as the loop gets it, with the name of its channel. */
export type ChannelEvent<Events = AnyEvents> = (ClientEvent<Events> & { channel: string }) | ChannelEnded;

/** The last event of a channel: it was closed, or the client may not read it. */
export interface ChannelEnded {
  type: typeof CHANNEL_CLOSED | '_eric_channel_refused';
  data: undefined;
  lastEventId: string;
  channel: string;
}

/** A connection to several channels. Its last event ID has the positions at all of them. */
export class ChannelConnection<Events extends EventMap<Events> = AnyEvents> extends Connection<
  Events,
  ChannelEvent<Events>
> {
  readonly #source: ChannelSource;

  /** @internal */
  constructor(target: ConnectTarget, { channels, ...options }: ConnectChannelsOptions) {
    const names = namesOf(channels);
    let source: ChannelSource;
    super(target, options, (settings, queue, changed) => (source = new ChannelSource(names, settings, queue, changed)));
    this.#source = source!;
  }

  /** The names of the channels that are read: neither closed nor refused. */
  get channels(): string[] {
    return [...this.#source.names];
  }

  /**
   * Reads another channel too, by a new request that continues all others.
   *
   * @param name The channel's name.
   * @param lastEventId The channel's event id to continue after, such as that of a state which the
   * program has loaded. Without it the first event is the next one that is sent.
   */
  join(name: string, lastEventId?: string): void {
    this.#source.join(idOption(name ?? null, 'name')!, idOption(lastEventId, 'lastEventId'));
  }

  /** Stops to read a channel. The loop receives no further event of it. */
  leave(name: string): void {
    this.#source.leave(name);
  }
}

function namesOf(channels: Iterable<string>): Set<string> {
  if (typeof channels !== 'object' || typeof channels?.[Symbol.iterator] !== 'function')
    throw new TypeError(`channels must be a list of names, not ${shown(channels)}`);
  return new Set(Array.from(channels, (name) => idOption(name ?? null, 'the name of a channel')!));
}

/**
 * Connects to several channels of a `Multiplexer`, on one connection. The names are added to the
 * query of each request, as `channel`.
 *
 * @example
 * const connection = connectChannels('/events', { channels: ['prices', 'chat'] });
 * connection.join('news');
 * for await (const { channel, type, data } of connection) console.log(channel, type, data);
 * @throws {TypeError | RangeError} when an option is invalid.
 */
export function connectChannels<Given extends Schemas>(
  target: ConnectTarget,
  options: ConnectChannelsOptions & { schemas: Given },
): ChannelConnection<EventsOf<Given>>;
export function connectChannels<Events extends EventMap<Events> = AnyEvents>(
  target: ConnectTarget,
  options: ConnectChannelsOptions,
): ChannelConnection<Events>;
export function connectChannels(target: ConnectTarget, options: ConnectChannelsOptions): ChannelConnection {
  return new ChannelConnection(target, options);
}

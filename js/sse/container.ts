// ChannelContainer: channels by id.

import type { AbstractChannel } from '../channel/channel.js';
import { InvalidChannelException } from '../model/errors.js';
import { shownId } from '../model/ids.js';
import type { DrainOptions } from '../response/drain.js';
import { type MaybeDisposable, makeDisposable } from '../util/dispose.js';
import type { SSEChannelOptions } from './settings.js';
import { SSEChannel } from './sse-channel.js';

/**
 * Holds channels by id.
 *
 * @example
 * const container = new ChannelContainer();
 * const { id } = container.add();
 * container.get(id).broadcast({ type: 'tick', payload: 1 });
 */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export class ChannelContainer<Channel extends AbstractChannel<any, any> = SSEChannel> {
  readonly #channels = new Map<string, Channel>();

  /** How many channels there are. */
  get size(): number {
    return this.#channels.size;
  }

  /**
   * Creates an {@link SSEChannel} and registers it. A container of other channels can only {@link
   * register} them.
   *
   * @throws {InvalidChannelException} when the options name an id that is registered already.
   */
  add(
    // biome-ignore lint/suspicious/noExplicitAny: channels of every event map are meant
    this: SSEChannel<any, any> extends Channel ? ChannelContainer<Channel> : never,
    options?: SSEChannelOptions,
  ): Channel {
    const channel = new SSEChannel(options) as unknown as Channel;
    this.register(channel);
    return channel;
  }

  /**
   * Registers a channel of any class.
   *
   * @throws {InvalidChannelException} when a channel with its id is registered already, or it is no
   * channel.
   */
  register(channel: Channel): void {
    // By its shape: a channel may be of another copy of this package.
    if (typeof channel?.registerListener !== 'function')
      throw new InvalidChannelException('only a channel can be registered');
    if (this.#channels.has(channel.id)) {
      throw new InvalidChannelException(`a channel with the id ${shownId(channel.id)} is already registered`);
    }
    this.#channels.set(channel.id, channel);
  }

  /** Whether a channel with this id is registered. */
  has(channelId: string): boolean {
    return this.#channels.has(channelId);
  }

  /** @throws {InvalidChannelException} when it is unknown. */
  get(channelId: string): Channel {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) throw new InvalidChannelException(`no channel has the id ${shownId(channelId)}`);
    return channel;
  }

  /**
   * Removes a channel and closes it: its running streams deliver what was queued before, then one
   * event of type `_eric_channel_closed`, and end.
   *
   * @throws {InvalidChannelException} when it is unknown.
   */
  rm(channelId: string): void {
    const channel = this.get(channelId);
    this.#channels.delete(channelId);
    channel.close();
  }

  /** Removes and closes all channels. */
  close(): void {
    for (const id of this.ids()) this.rm(id);
  }

  /**
   * Sends the clients of all channels elsewhere, as {@link SSEChannel.drain} does, at the same
   * time. Channels of other classes are passed over.
   *
   * @returns when all responses have ended.
   */
  async drain(options?: DrainOptions): Promise<void> {
    await Promise.all(Array.from(this, (channel) => (channel as Partial<Pick<SSEChannel, 'drain'>>).drain?.(options)));
  }

  /** Returns the ids, in the order in which the channels were registered. */
  ids(): string[] {
    return [...this.#channels.keys()];
  }

  /** Iterates over the channels, in the order in which they were registered. */
  [Symbol.iterator](): IterableIterator<Channel> {
    return this.#channels.values();
  }
}

// biome-ignore lint/correctness/noUnusedVariables: a merged declaration repeats its type parameters
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export interface ChannelContainer<Channel extends AbstractChannel<any, any> = SSEChannel> extends MaybeDisposable {}

makeDisposable(ChannelContainer.prototype, 'dispose', function () {
  this.close();
});

// ChannelTree: one channel for more subscribers than one object holds.
//
// A root object takes the broadcasts and sends them to leaf objects, over which the subscribers are
// spread by name. The leaves have the root's epoch and numbers, so an event id is valid at every
// leaf.

import type { AnyEvents, EventMap, EventTypes, MessageLike } from '../../model/event-types.js';
import { uniqueId } from '../../model/ids.js';
import type { ChannelStats } from '../../model/stats.js';
import type { DrainOptions } from '../../response/drain.js';
import { idOption, numberOption, objectOption } from '../../util/options.js';
import type { ObjectBroadcastOptions, ObjectListenerOptions } from '../object/options.js';
import { type ChannelRpc, retrying, withContext } from '../objects.js';
import { type RelayOptions, type RelayTarget, relay } from './relay.js';

/** The binding of a `ChannelObject`, or of a subclass. */
export interface ChannelNamespace {
  idFromName(name: string): { toString(): string };
  // The runtime's own types of ids and stubs are those of its version.
  // biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
  get(id: any): RelayTarget;
}

export interface ChannelTreeOptions {
  /**
   * How many objects the subscribers are spread over; 4 by default. It may be changed: clients can
   * resume at any leaf.
   */
  leaves?: number | undefined;
}

/** The counters of the root and of each leaf. */
export interface TreeStats {
  root: ChannelStats;
  leaves: ChannelStats[];
  /** How many listeners the leaves have. */
  listeners: number;
}

interface Stub extends ChannelRpc, RelayTarget {
  broadcast(message: unknown, options?: ObjectBroadcastOptions): Promise<string>;
  dispatch(listenerId: string, message: unknown): Promise<void>;
  addListener(options?: ObjectListenerOptions): Promise<{ id: string; lastEventId: string }>;
  removeListener(listenerId: string): Promise<void>;
  stats(): Promise<ChannelStats>;
  drain(options?: DrainOptions): Promise<void>;
}

/**
 * A channel that is spread over several objects.
 *
 * @example
 * const tree = new ChannelTree(env.CHANNELS, 'news', { leaves: 16 });
 * return tree.fetch(request, { name: userId });
 */
export class ChannelTree<Events extends EventMap<Events> = AnyEvents> {
  readonly #namespace: ChannelNamespace;
  readonly #name: string;
  readonly #leaves: number;

  /** @throws {TypeError | RangeError} if the name or an option is invalid. */
  constructor(namespace: ChannelNamespace, name: string, options?: ChannelTreeOptions) {
    if (typeof namespace?.idFromName !== 'function')
      throw new TypeError('namespace must be the binding of a ChannelObject');
    const { leaves } = objectOption(options, 'options');
    this.#leaves = numberOption(leaves, 'leaves', 4, 10_000);
    if (!Number.isInteger(this.#leaves) || this.#leaves < 1)
      throw new RangeError('leaves must be a whole number from 1 on');
    this.#namespace = namespace;
    this.#name = idOption(name ?? null, 'name')!;
  }

  /**
   * Answers a client with its event stream, from the leaf of its name. One without a name gets any.
   */
  async fetch(request: Request, options?: { name?: string | undefined }): Promise<Response> {
    return this.#asLeaf(nameOption(options)).fetch(request);
  }

  /** As `fetch`, through `relay`: the leaves may hibernate. */
  async relay(request: Request, options?: RelayOptions & { name?: string | undefined }): Promise<Response> {
    const name = nameOption(options);
    return relay(request, () => this.#asLeaf(name), options);
  }

  /**
   * Sends a message to every listener, as `ChannelObject.broadcast` does: it is stored when this
   * resolves.
   */
  async broadcast<Type extends EventTypes<Events>>(
    message: MessageLike<Events, Type>,
    options?: ObjectBroadcastOptions,
  ): Promise<string> {
    return this.#root().broadcast(message, options);
  }

  /** Sends a message to one listener, whose client gave its id as the name. */
  async dispatch<Type extends EventTypes<Events>>(
    listenerId: string,
    message: MessageLike<Events, Type>,
  ): Promise<void> {
    await this.#leaf(listenerId).dispatch(listenerId, message);
  }

  /** Adds a listener whose client will connect later, with the id as its name. */
  async addListener(options?: ObjectListenerOptions): Promise<{ id: string; lastEventId: string }> {
    const id = idOption(options?.id, 'id') ?? uniqueId();
    await retrying(() => this.#leaf(id).follow(this.#rootId()));
    return this.#leaf(id).addListener({ ...options, id });
  }

  /** Removes a listener. */
  async removeListener(listenerId: string): Promise<void> {
    await this.#leaf(listenerId).removeListener(listenerId);
  }

  async stats(): Promise<TreeStats> {
    const [root, ...leaves] = await Promise.all([this.#root().stats(), ...this.#all().map((leaf) => leaf.stats())]);
    return { root: root!, leaves, listeners: leaves.reduce((sum, { listeners }) => sum + listeners, 0) };
  }

  /** Sends the clients elsewhere. */
  async drain(options?: DrainOptions): Promise<void> {
    await Promise.all(this.#all().map((leaf) => leaf.drain(options)));
  }

  /** Closes the channel, at its root and at its leaves. */
  async close(): Promise<void> {
    await this.#root().close();
  }

  /** The leaf of a name, which learns its root with each request. */
  #asLeaf(name: string): RelayTarget {
    const leaf = this.#leaf(name);
    return { fetch: (request) => leaf.fetch(withContext(request, { root: this.#rootId() })) };
  }

  #rootId(): string {
    return this.#namespace.idFromName(this.#name).toString();
  }

  #root(): Stub {
    return this.#object(this.#name);
  }

  #leaf(name: string): Stub {
    return this.#numbered(hash(name) % this.#leaves);
  }

  #all(): Stub[] {
    return Array.from({ length: this.#leaves }, (_, number) => this.#numbered(number));
  }

  #numbered(number: number): Stub {
    // No tree's name has a line feed, nor has the path of a URL.
    return this.#object(`${this.#name}\nleaf ${number}`);
  }

  #object(name: string): Stub {
    return this.#namespace.get(this.#namespace.idFromName(name)) as Stub;
  }
}

function nameOption(options: { name?: string | undefined } | undefined): string {
  return idOption(objectOption(options, 'options').name, 'name') ?? uniqueId();
}

/**
 * Fowler, Noll and Vo, 1a, of 32 bits: even for names that differ in a digit, and the same
 * everywhere and always.
 */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

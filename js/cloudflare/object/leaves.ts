// Leaves: the root's side of a tree. Each leaf is sent what follows the number up to which it says that it has everything.

import type { ChannelRpc } from '../objects.js';
import type { Store } from './store.js';

/** A leaf since it last joined. */
interface Leaf {
  /** Up to where the leaf has everything; unknown since the object has started, and after a failure. */
  has: { epoch: string; newest: number } | undefined;
  /** The sending that goes on. */
  sending: Promise<void> | undefined;
}

export class Leaves {
  readonly #store: Store;
  readonly #object: (id: string) => ChannelRpc;
  readonly #leaves = new Map<string, Leaf>();

  constructor(store: Store, object: (id: string) => ChannelRpc) {
    this.#store = store;
    this.#object = object;
    for (const id of store.leaves()) this.#set(id);
  }

  get size(): number {
    return this.#leaves.size;
  }

  /**
   * After how long it has to be seen again whether each leaf has all that there is, and is closed if the channel is: soon when one could not be
   * reached; else in case that this object ends while it sends. `Infinity` when nothing is left to do.
   */
  get dueMilliseconds(): number {
    const leaves = [...this.#leaves.values()].filter(
      (leaf) => this.#store.closedAt !== undefined || this.#isBehind(leaf),
    );
    return leaves.length === 0 ? Infinity : leaves.every(({ has }) => has) ? 10_000 : 2000;
  }

  /** A leaf has joined, and says what it has. What is on its way from before says nothing of it any more. */
  add(id: string, has: Leaf['has']): void {
    this.#store.addLeaf(id);
    this.#set(id, has);
  }

  /** Sends each leaf what it lacks. @returns when each has got it, or could not be reached. */
  async settle(): Promise<void> {
    await Promise.all(
      Array.from(
        this.#leaves,
        ([id, leaf]) => (leaf.sending ??= this.#send(id, leaf).finally(() => (leaf.sending = undefined))),
      ),
    );
  }

  /** Closes the leaves' channels behind what was sent; then that is forgotten. Those that could not be reached stay. */
  async close(): Promise<void> {
    await this.settle();
    await Promise.allSettled(
      Array.from(this.#leaves, async ([id, leaf]) => {
        if (this.#isBehind(leaf)) return;
        await this.#object(id).close();
        this.#remove(id);
      }),
    );
    if (this.size === 0) this.#store.forget();
  }

  async #send(id: string, leaf: Leaf): Promise<void> {
    const { epoch } = this.#store;
    const isIt = (): boolean => this.#leaves.get(id) === leaf;
    try {
      while (isIt() && this.#isBehind(leaf)) {
        const { newest } = this.#store;
        // Who is not known to have anything is asked first.
        const batch = leaf.has
          ? this.#store.batch(leaf.has.epoch, leaf.has.newest)
          : { epoch, newest, after: newest, whole: false, messages: [] };
        const has = await this.#object(id).deliver(batch);
        // One that has joined again since is not meant.
        if (has === undefined) return void (isIt() && this.#remove(id));
        const isStuck = leaf.has?.epoch === has.epoch && leaf.has.newest === has.newest;
        leaf.has = has;
        if (isStuck) return;
      }
    } catch {
      leaf.has = undefined;
    }
  }

  #isBehind({ has }: Leaf): boolean {
    return has?.epoch !== this.#store.epoch || has.newest !== this.#store.newest;
  }

  #set(id: string, has?: Leaf['has']): void {
    this.#leaves.set(id, { has, sending: undefined });
  }

  #remove(id: string): void {
    this.#store.removeLeaf(id);
    this.#leaves.delete(id);
  }
}

// Leaves: the root's side of a tree. Each leaf is sent what follows the number up to which it says that it has everything.

import type { ChannelRpc } from './objects.js';
import type { Store } from './store.js';

interface Leaf {
  /** Up to where the leaf has everything; unknown since the object has started, and after a failure. */
  has: { epoch: string; newest: number } | undefined;
  /** The sending that goes on. */
  sending: Promise<void> | undefined;
}

export class Leaves {
  readonly #store: Store;
  readonly #object: (id: string) => ChannelRpc;
  readonly #leaves: Map<string, Leaf>;

  constructor(store: Store, object: (id: string) => ChannelRpc) {
    this.#store = store;
    this.#object = object;
    this.#leaves = new Map(store.leaves().map((id) => [id, { has: undefined, sending: undefined }]));
  }

  get size(): number {
    return this.#leaves.size;
  }

  /** Whether a leaf may lack something. */
  get areBehind(): boolean {
    return [...this.#leaves.values()].some((leaf) => this.#isBehind(leaf));
  }

  add(id: string): void {
    if (this.#leaves.has(id)) return;
    this.#store.addLeaf(id);
    this.#leaves.set(id, { has: undefined, sending: undefined });
  }

  /** Sends each leaf what it lacks. One that cannot be reached is tried again by the alarm. */
  pump(): void {
    void this.settle();
  }

  /** As `pump`. @returns when each leaf has got what it lacks, or could not be reached. */
  async settle(): Promise<void> {
    await Promise.all(Array.from(this.#leaves, ([id, leaf]) => (leaf.sending ??= this.#send(id, leaf).finally(() => (leaf.sending = undefined)))));
  }

  /** Closes the leaves' channels. Those that could not be reached stay. */
  async close(): Promise<void> {
    await this.settle();
    await Promise.allSettled(
      [...this.#leaves.keys()].map(async (id) => {
        await this.#object(id).close();
        this.#remove(id);
      }),
    );
  }

  async #send(id: string, leaf: Leaf): Promise<void> {
    const { epoch } = this.#store;
    try {
      while (this.#isBehind(leaf) && this.#leaves.has(id)) {
        // Who is not known to have anything is asked first.
        const batch = leaf.has
          ? this.#store.batch(leaf.has.epoch, leaf.has.newest)
          : { epoch, after: this.#store.newest, whole: false, messages: [] };
        const has = await this.#object(id).deliver(batch);
        if (has === undefined) return this.#remove(id);
        const isStuck = leaf.has?.epoch === has.epoch && leaf.has.newest === has.newest;
        leaf.has = has;
        if (isStuck) return;
      }
    } catch {
      leaf.has = undefined;
    }
  }

  #isBehind({ has }: Leaf): boolean {
    return has?.epoch !== this.#store.epoch || has.newest < this.#store.newest;
  }

  #remove(id: string): void {
    this.#store.removeLeaf(id);
    this.#leaves.delete(id);
  }
}

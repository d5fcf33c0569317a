// Leaves: the root's side of a tree. Each leaf reports the number of its newest message and is sent
// the ones after it.

import type { ChannelRpc } from '../objects.js';
import type { Store } from './store.js';

/** A leaf since it last joined. */
interface Leaf {
  /**
   * The newest message that the leaf has, with everything before it. Unknown after the object's
   * start, and after a failure.
   */
  has: { epoch: string; newest: number } | undefined;
  /** The send in progress. */
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
   * Milliseconds until the leaves must be checked again: 2 s after one was unreachable, 10 s
   * while a send is in progress (this object may be evicted), `Infinity` if all are up to date.
   */
  get dueMilliseconds(): number {
    const leaves = [...this.#leaves.values()].filter(
      (leaf) => this.#store.closedAt !== undefined || this.#isBehind(leaf),
    );
    return leaves.length === 0 ? Infinity : leaves.every(({ has }) => has) ? 10_000 : 2000;
  }

  /** A leaf has joined and says what it has. Answers to earlier sends no longer count. */
  add(id: string, has: Leaf['has']): void {
    this.#store.addLeaf(id);
    this.#set(id, has);
  }

  /**
   * Sends each leaf the messages that it lacks.
   *
   * @returns when each has them, or could not be reached.
   */
  async settle(): Promise<void> {
    await Promise.all(
      Array.from(
        this.#leaves,
        ([id, leaf]) => (leaf.sending ??= this.#send(id, leaf).finally(() => (leaf.sending = undefined))),
      ),
    );
  }

  /**
   * Closes the leaves' channels after their last messages. The messages are deleted when all leaves
   * are closed; unreachable leaves stay in the list.
   */
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
        // A leaf whose state is unknown is asked first.
        const batch = leaf.has
          ? this.#store.batch(leaf.has.epoch, leaf.has.newest)
          : { epoch, newest, after: newest, whole: false, messages: [] };
        const has = await this.#object(id).deliver(batch);
        // A leaf that joined again meanwhile is another entry.
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

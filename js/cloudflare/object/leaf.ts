// Leaf: an object's side of a tree whose messages come from a root.

import { InvalidChannelException } from '../../model/errors.js';
import { parseEventId } from '../../model/event-id.js';
import type { Batch } from '../batch.js';
import type { ChannelRpc } from '../objects.js';
import { type Life, sentAt } from './life.js';
import { sentOf } from './store.js';

/** A leaf that no client has visited for this long may be forgotten by its root. */
const IDLE_MILLISECONDS = 30_000;

/** The leaf's access to its object. */
export interface LeafHost {
  id: string;
  life(): Life;
  /** Begins a new life from what is stored. */
  restart(): Life;
  close(): Promise<void>;
  object(id: string): ChannelRpc;
}

export class Leaf {
  readonly #host: LeafHost;
  #joining: Promise<void> | undefined;
  /** When a client last came. */
  #visitedAt = 0;

  constructor(host: LeafHost) {
    this.#host = host;
  }

  /**
   * Makes sure that the root knows this leaf and that this leaf has the root's messages: for the
   * first client, and for a client that received newer messages elsewhere. An object without
   * messages becomes a leaf here.
   *
   * @throws {InvalidChannelException} if the object is not a leaf of that root, and cannot become
   * one.
   */
  async catchUp(root?: string, lastEventId?: string): Promise<void> {
    this.#visitedAt = Date.now();
    const { store } = this.#host.life();
    if (root !== undefined && root !== store.root) {
      if (store.root !== undefined || store.newest > 0 || store.closedAt !== undefined)
        throw new InvalidChannelException('the object already has messages of its own and cannot become a leaf');
      store.follow(root);
    }
    if (store.root === undefined) return;
    await this.#joining?.catch(() => {});
    const { isJoined, store: now } = this.#host.life();
    const { epoch, broadcast } = lastEventId === undefined ? { ...now, broadcast: 0 } : parseEventId(lastEventId);
    if (isJoined && epoch === now.epoch && !(broadcast > now.newest)) return;
    await (this.#joining ??= this.#join(store.root).finally(() => (this.#joining = undefined)));
  }

  /**
   * Takes messages of the root, unless the leaf is closed or has no clients, as
   * `ChannelRpc.deliver` says.
   */
  async deliver(batch: Batch): Promise<{ epoch: string; newest: number } | undefined> {
    const life = this.#host.life();
    const { store, channel } = life;
    // Closed, or deleted since: the next client has it join again.
    if (store.root === undefined || store.closedAt !== undefined) return undefined;
    if (channel.listenerCount > 0 || Date.now() - this.#visitedAt < IDLE_MILLISECONDS) return this.#take(batch);
    life.isJoined = false;
    return undefined;
  }

  /** Asks the root, which alone knows what there is: a closed leaf opens again with it. */
  async #join(root: string): Promise<void> {
    for (;;) {
      const { store } = this.#host.life();
      const batch = await this.#host.object(root).join(this.#host.id, store.epoch, store.newest);
      if (batch === 'closed') return this.#host.close();
      if (!batch.whole && batch.messages.length === 0) break;
      await this.#take(batch);
    }
    // The root sends what follows.
    this.#host.life().isJoined = true;
  }

  /**
   * Stores messages of the root, and sends them. Returns the number up to which this leaf has every
   * message of an epoch.
   */
  async #take({ epoch, newest, after, whole, messages }: Batch): Promise<{ epoch: string; newest: number }> {
    let life = this.#host.life();
    const { store: had } = life;
    if (epoch !== had.epoch || after > had.newest || newest < had.newest) {
      if (!whole) return { epoch: had.epoch, newest: had.newest };
      life = this.#renew(life, epoch, after);
    }
    const { store, core } = life;
    const sends: (() => void)[] = [];
    for (const message of messages) {
      if (message.sequence <= store.newest) continue;
      const [sent, excepted] = [sentOf(message), message.excepted ?? undefined];
      store.append(sent, excepted, message.at);
      sends.push(() => core.broadcast(sent, excepted, sentAt(message.at)));
    }
    if (sends.length > 0) await life.inOrder.run(() => sends.forEach((send) => send()));
    return { epoch: store.epoch, newest: store.newest };
  }

  /**
   * Ends this life of the channel, which lacks messages that its root no longer has. Its clients
   * reconnect, and receive `_eric_gap`.
   */
  #renew({ core, store }: Life, epoch: string, after: number): Life {
    for (const connection of [...core.connections]) connection.finish('drained', Math.random() * 1000);
    store.renew(epoch, after);
    return this.#host.restart();
  }
}

// ChannelObject: a channel that lives in a Durable Object, and goes on when that has been evicted.
//
// A broadcast is written to the object's storage first, and handed to the listeners when the write is durable: no client has an event
// id that could be given to another message after a crash. What waits for its write waits in one line, so that the order is that of the
// calls.

import { DurableObject } from 'cloudflare:workers';
import { RawChannel } from '../../../pkg/eric_sse.js';
import { broadcastOn, exceptOption, internalsOf } from '../../channel/channel.js';
import { MessageQueueListener } from '../../channel/listener.js';
import { InvalidChannelException, InvalidListenerException } from '../../model/errors.js';
import type { AnyEvents, EventMap, EventTypes, MessageLike } from '../../model/event-types.js';
import { type QueueOptions, queueOption } from '../../model/limits.js';
import { Epoch, send } from '../../model/message.js';
import type { ChannelStats } from '../../model/stats.js';
import type { DrainOptions } from '../../response/drain.js';
import { lastEventIdOf, lastEventIdOption } from '../../response/request-id.js';
import type { ResponseOptions } from '../../response/respond.js';
import { SSEChannel, type SSEChannelOptions } from '../../sse/sse-channel.js';
import { idOption, LONGEST_TIMER_SECONDS, numberOption, objectOption } from '../../util/options.js';
import { wakeLost } from '../../wasm/module.js';
import { asideOf, type ChannelRpc, objectOf } from '../objects.js';
import { Leaves } from './leaves.js';
import { leave, Sockets } from './sockets.js';
import { type Batch, Store, sentOf, weighed } from './store.js';

/** What `addListener` adds. */
export interface ObjectListenerOptions {
  /** The id by which its client comes; a random one when left out. */
  id?: string | undefined;
  /** How much may wait for it; as for a response. */
  queue?: QueueOptions | undefined;
  /** For how long it waits for its client; 60 by default. */
  resumeSeconds?: number | undefined;
}

export interface ObjectBroadcastOptions {
  /** The ids of the listeners that do not get it: not when they come back for a replay either. */
  except?: string | readonly string[] | undefined;
}

/** One life of the object's channel. */
interface Life {
  channel: SSEChannel;
  store: Store;
  sockets: Sockets;
  leaves: Leaves;
  /** What waits for its write to be durable, oldest first. */
  waiting: (() => void)[];
  /** How many of these were done; and what the others wait for, when many were done in one turn. */
  acts: number;
  pause: Promise<void> | undefined;
  /** Whether the root knows of this leaf. */
  isJoined: boolean;
}

/** Nobody is kept waiting for longer than a day, and no closed channel is remembered for longer. */
const DAY_MILLISECONDS = 86_400_000;

/** So many calls are done in one turn. */
const MOST_ACTS = 256;

/** A leaf that nobody has come to for so long may be forgotten by its root. */
const IDLE_MILLISECONDS = 30_000;

/**
 * A channel in a Durable Object: export it from your Worker, or a subclass, and bind it with SQLite storage.
 *
 * Its history is kept in the object's storage, within the channel's `history` bounds. So it outlives the object's eviction and its restarts,
 * as do the epoch and the numbers of the event ids: a client that comes back goes on where it was. What was dispatched to one
 * listener is not stored; a listener that is to be resumed is told, by an `_eric_gap` with the reason `'forgotten'`.
 *
 * @example
 * export { ChannelObject } from 'eric-sse/cloudflare';
 * export default {
 *   fetch: (request, env) => env.CHANNELS.getByName('news').fetch(request),
 * };
 */
export class ChannelObject<Events extends EventMap<Events> = AnyEvents, Env = unknown> extends DurableObject<Env> {
  #current: Life | undefined;
  /** When the alarm is set for, by `Date.now()`; `undefined` before it was looked up. */
  #alarmAt: number | undefined;
  /** How often the alarm has found leaves that cannot be reached, one time after another. */
  #tries = 0;
  #joining: Promise<void> | undefined;
  /** When somebody last came to this leaf. */
  #visitedAt = 0;

  /** Returns the options of the channel, as for `new SSEChannel`. Override it: it is asked when the object starts. */
  protected channelOptions(): SSEChannelOptions {
    return {};
  }

  /**
   * Returns how a client is subscribed, as for `SSEChannel.response`. Override it, to give listeners the names that `dispatch` needs: those
   * of clients that your Worker knows. Of a client that comes through `relay`, the request has the URL and the relay's `objectHeaders`.
   * A queue that refuses cannot be had here: what was stored has been accepted.
   */
  protected responseOptions(request: Request): ResponseOptions<Events> {
    void request;
    return {};
  }

  /** Answers a client with its event stream, going on behind its `Last-Event-ID`. */
  async fetch(request: Request): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response('an event stream is got', { status: 405, headers: { Allow: 'GET, HEAD' } });
    }
    const { root, relay } = asideOf(request);
    if (!relay && request.headers.get('Upgrade')?.toLowerCase() === 'websocket')
      return new Response('only relay makes a WebSocket', { status: 400 });
    const options = this.#optionsFor(request);
    // What has come through a relay is newer than what is known elsewhere.
    const lastEventId = relay?.again
      ? relay.id
      : (lastEventIdOption(options.lastEventId) ?? relay?.id ?? lastEventIdOf(request));
    await this.#catchUp(root, lastEventId);
    const { channel, sockets } = this.#life();
    try {
      return relay ? sockets.join(request, options, lastEventId) : channel.response(request, options);
    } catch (error) {
      if (error instanceof InvalidListenerException) return new Response(error.message, { status: 409 });
      throw error;
    }
  }

  /**
   * Sends a message to every listener. It is stored when this resolves, and no eviction or restart loses it within the history's bounds.
   *
   * @returns its event id.
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidChannelException} when the channel is closed, or another object's leaf.
   */
  async broadcast<Type extends EventTypes<Events>>(
    message: MessageLike<Events, Type>,
    options?: ObjectBroadcastOptions,
  ): Promise<string> {
    const life = this.#open();
    if (life.store.root !== undefined) throw new InvalidChannelException('a leaf passes on what its root broadcasts');
    const except = exceptOption(objectOption(options, 'options').except);
    const sent = weighed(send(message), except);
    const sequence = life.store.append(sent, except, Date.now());
    await this.#inOrder(life, () => broadcastOn(life.channel, sent, except, performance.now()));
    void life.leaves.settle().then(() => this.#wake(life));
    return `${life.store.epoch}-${sequence}`;
  }

  /**
   * Sends a message to one listener. It is not stored.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in a line.
   * @throws {InvalidListenerException} when the listener is unknown.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  async dispatch<Type extends EventTypes<Events>>(
    listenerId: string,
    message: MessageLike<Events, Type>,
  ): Promise<void> {
    const life = this.#open();
    await this.#inOrder(life, () => life.channel.dispatch(listenerId, message as never));
  }

  /**
   * Adds a listener whose client is still to come, by its id (see `responseOptions`). What is sent meanwhile waits for it, dispatches
   * included.
   *
   * @returns its id, and the event id behind which it begins: a client that comes with that is told if its listener is gone.
   * @throws {InvalidListenerException} when a listener with this id is registered already.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  async addListener(options?: ObjectListenerOptions): Promise<{ id: string; lastEventId: string }> {
    const { id, queue, resumeSeconds } = objectOption(options, 'options');
    const milliseconds = numberOption(resumeSeconds, 'resumeSeconds', 60, LONGEST_TIMER_SECONDS) * 1000;
    const listener = new MessageQueueListener({ id: idOption(id, 'id') });
    const seatOptions = { queue: refuseNothing(queueOption(queue, 'disconnect')), resumable: true };
    await this.#catchUp();
    const { channel } = this.#open();
    const seat = internalsOf(channel).register(listener, seatOptions);
    seat.keep(milliseconds, () => channel.removeListener(listener.id));
    // Its own, which says that it is no former life's; the channel's newest would not.
    return { id: listener.id, lastEventId: seat.lastId ?? channel.lastEventId };
  }

  /**
   * Removes a listener, with everything that waits for it. Its stream ends.
   *
   * @throws {InvalidListenerException} when it is unknown.
   */
  async removeListener(listenerId: string): Promise<void> {
    this.#life().channel.removeListener(listenerId);
  }

  /** Returns what became of the messages so far: since the object last started, but for `broadcasts`, which counts those of all its lives. */
  async stats(): Promise<ChannelStats> {
    return this.#life().channel.stats();
  }

  /**
   * Sends the clients elsewhere, as `SSEChannel.drain` does. Who comes back is told the same until the object starts anew.
   *
   * @returns when all responses have ended.
   */
  async drain(options?: DrainOptions): Promise<void> {
    await this.#life().channel.drain(options);
  }

  /**
   * Closes the channel: its clients are told, and answered with 204 when they come back. What was stored is deleted when a tree's leaves have
   * it, but for that it is closed; that is forgotten after the history's seconds, at the latest after a day. Then the object is as new. Does
   * nothing to a closed one.
   */
  async close(): Promise<void> {
    const life = this.#life();
    if (life.store.closedAt !== undefined) return;
    life.store.close(Date.now());
    life.isJoined = false;
    await this.#inOrder(life, () => life.channel.gone());
    await life.leaves.close();
    await this.#wake(life);
  }

  async alarm(): Promise<void> {
    this.#alarmAt = Infinity;
    const life = this.#life();
    const { store, channel, leaves, sockets } = life;
    if (store.closedAt === undefined) {
      sockets.tell();
      store.expire(Date.now());
      // The core drops what has expired when it is looked at.
      channel.stats();
      await leaves.settle();
    } else {
      await leaves.close();
      if (Date.now() >= this.#forgottenAt(life)) {
        await this.ctx.storage.deleteAlarm();
        await this.ctx.storage.deleteAll();
        this.#current = undefined;
        return;
      }
    }
    this.#tries = leaves.dueMilliseconds === Infinity ? 0 : this.#tries + 1;
    await this.#wake(life);
  }

  webSocketMessage(): void {
    // What a relay says is answered by the runtime; but without this method the runtime would have nobody to hand over what a client says.
    this.#life();
  }

  webSocketClose(socket: WebSocket, code: number): void {
    this.#life().sockets.left(socket);
    // If the runtime has not answered by itself.
    leave(socket, code === 1005 || code === 1006 ? 1000 : code);
  }

  webSocketError(socket: WebSocket): void {
    this.#life().sockets.left(socket);
  }

  /** Makes this object the leaf of another one, if it is not yet, and sees that it has what that one has. @internal */
  async follow(root: string): Promise<void> {
    await this.#catchUp(root);
  }

  /** Has another object get what is broadcast here, and answers with what it lacks. @internal */
  async join(leaf: string, epoch: string, newest: number): Promise<Batch | 'closed'> {
    const { store, leaves } = this.#life();
    if (store.closedAt !== undefined) return 'closed';
    leaves.add(leaf, { epoch, newest });
    return store.batch(epoch, newest);
  }

  /**
   * Takes messages of the root. Returns the number up to which this leaf has all of an epoch, in which case the root sends what follows;
   * or nothing, when there is nobody here to get it. @internal
   */
  async deliver(batch: Batch): Promise<{ epoch: string; newest: number } | undefined> {
    const life = this.#life();
    const { store, channel } = life;
    // Closed, or deleted since: whoever comes next has it join again.
    if (store.root === undefined || store.closedAt !== undefined) return undefined;
    if (channel.listenerCount > 0 || Date.now() - this.#visitedAt < IDLE_MILLISECONDS) return this.#take(batch);
    life.isJoined = false;
    return undefined;
  }

  /** Returns the channel, restored from what is stored when the object has just started. */
  #life(): Life {
    wakeLost();
    return (this.#current ??= this.#start());
  }

  /** @throws {InvalidChannelException} when the channel is closed. */
  #open(): Life {
    const life = this.#life();
    if (life.store.closedAt !== undefined) throw new InvalidChannelException('the channel is closed');
    return life;
  }

  #start(): Life {
    const channel = new SSEChannel(this.channelOptions());
    const internals = internalsOf(channel);
    const { wire } = internals;
    const { messages, bytes, seconds } = wire.history;
    const store = new Store(this.ctx.storage, wire.history, channel.lastEventId.split('-', 1)[0]!);
    const { before, sends } = store.load((sent, excepted, at) => broadcastOn(channel, sent, excepted, sentAt(at)));
    // Dispatches are not stored, nor how many there were: by the clock, each life's numbers are behind those of the one before.
    internals.raw = new RawChannel(
      wire.delaySeconds > 0,
      wire.retryMilliseconds,
      messages,
      bytes,
      seconds * 1000,
      store.epoch,
      before,
      Date.now(),
    );
    internals.epoch = new Epoch(internals.raw);
    for (const send of sends) send();
    const leaves = new Leaves(store, (id) => objectOf(this.env, this.ctx.id, id));
    const sockets = new Sockets(this.ctx, channel, (request) => this.#optionsFor(request));
    const life = { channel, store, sockets, leaves, waiting: [], acts: 0, pause: undefined, isJoined: false };
    if (store.closedAt !== undefined) channel.gone();
    else store.expire(Date.now());
    // Whoever is told something looks at what has been restored.
    this.#current = life;
    sockets.restore();
    return life;
  }

  /** Ends this life of the channel, which lacks what its root does not have any more: its clients come back, and are told so. */
  #renew(life: Life, epoch: string, after: number): Life {
    for (const connection of [...internalsOf(life.channel).connections])
      connection.finish('drained', Math.random() * 1000);
    life.store.renew(epoch, after);
    this.#current = undefined;
    return this.#life();
  }

  /** Stores messages of the root, and hands them on. Returns up to where this leaf has all of an epoch. */
  async #take({ epoch, newest, after, whole, messages }: Batch): Promise<{ epoch: string; newest: number }> {
    let life = this.#life();
    const { store: had } = life;
    if (epoch !== had.epoch || after > had.newest || newest < had.newest) {
      if (!whole) return { epoch: had.epoch, newest: had.newest };
      life = this.#renew(life, epoch, after);
    }
    const { store, channel } = life;
    const sends: (() => void)[] = [];
    for (const message of messages) {
      if (message.sequence <= store.newest) continue;
      const [sent, excepted] = [sentOf(message), message.excepted ?? undefined];
      store.append(sent, excepted, message.at);
      sends.push(() => broadcastOn(channel, sent, excepted, sentAt(message.at)));
    }
    if (sends.length > 0) await this.#inOrder(life, () => sends.forEach((send) => send()));
    return { epoch: store.epoch, newest: store.newest };
  }

  /**
   * Sees that the root knows of this leaf, which may have to become one first, and that this leaf has what the root has: always when
   * somebody comes for the first time, and when a client has had more elsewhere.
   *
   * @throws {InvalidChannelException} when the object is no leaf of that root, and cannot become one.
   */
  async #catchUp(root?: string, lastEventId?: string): Promise<void> {
    this.#visitedAt = Date.now();
    const { store } = this.#life();
    if (root !== undefined && root !== store.root) {
      if (store.root !== undefined || store.newest > 0 || store.closedAt !== undefined)
        throw new InvalidChannelException('the object has a channel of its own');
      store.follow(root);
    }
    if (store.root === undefined) return;
    await this.#joining?.catch(() => {});
    const { isJoined, store: now } = this.#life();
    const [epoch, place = ''] = lastEventId?.split('-') ?? [now.epoch];
    if (isJoined && epoch === now.epoch && !(parseInt(place, 10) > now.newest)) return;
    await (this.#joining ??= this.#join(store.root).finally(() => (this.#joining = undefined)));
  }

  /** Asks the root, which alone says what there is: a closed leaf opens again with it. */
  async #join(root: string): Promise<void> {
    const self = this.ctx.id.toString();
    for (;;) {
      const { store } = this.#life();
      const batch = await objectOf(this.env, this.ctx.id, root).join(self, store.epoch, store.newest);
      if (batch === 'closed') return this.close();
      if (!batch.whole && batch.messages.length === 0) break;
      await this.#take(batch);
    }
    // What has come since, the root sends.
    this.#life().isJoined = true;
  }

  /** Does something when all that was written before is durable, behind all that was called before. */
  async #inOrder(life: Life, act: () => void): Promise<void> {
    let failure: { error: unknown } | undefined;
    let done = false;
    life.waiting.push(() => {
      done = true;
      try {
        act();
      } catch (error) {
        failure = { error };
      }
    });
    await this.#wake(life);
    await this.ctx.storage.sync();
    // What was called before was written before.
    while (!done) {
      // Of many that are called at once, as many go in one turn as fit into the queue of a client that reads all the time.
      if (life.pause) await life.pause;
      else {
        life.waiting.shift()!();
        if (++life.acts % MOST_ACTS === 0)
          life.pause = new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => (life.pause = undefined));
      }
    }
    if (failure) throw failure.error;
  }

  #optionsFor(request: Request): ResponseOptions {
    const options = this.responseOptions(request) as ResponseOptions;
    refuseNothing(queueOption(options.queue, 'disconnect'));
    return options;
  }

  /** When a closed channel is forgotten. A leaf that was not reached within a day asks when somebody comes. */
  #forgottenAt({ store, channel, leaves }: Life): number {
    const { seconds } = internalsOf(channel).wire.history;
    return store.closedAt! + (leaves.size > 0 ? DAY_MILLISECONDS : Math.min(seconds * 1000, DAY_MILLISECONDS));
  }

  /** When there is something to do, by `Date.now()`. */
  #dueAt(life: Life): number {
    const { store, leaves, channel } = life;
    const now = Date.now();
    const again = now + leaves.dueMilliseconds * 2 ** Math.min(this.#tries, 7);
    if (store.closedAt !== undefined) return Math.min(again, this.#forgottenAt(life));
    const { seconds } = internalsOf(channel).wire.history;
    const { oldestAt } = store;
    if (oldestAt === undefined || seconds === Infinity) return again;
    // Not for each message as it expires: what is due within a quarter of the time is dropped together.
    return Math.min(again, Math.max(oldestAt, now - seconds * 750) + seconds * 1000);
  }

  /** Sees that the alarm comes when there is something to do. */
  async #wake(life: Life): Promise<void> {
    this.#alarmAt ??= (await this.ctx.storage.getAlarm()) ?? Infinity;
    const at = this.#dueAt(life);
    if (at < this.#alarmAt) await this.ctx.storage.setAlarm((this.#alarmAt = at));
  }
}

// The names of what the objects of a tree say to each other, seen by the compiler.
void ((object: ChannelObject): ChannelRpc => object);

/** Returns when something was sent, in milliseconds of `performance.now()`. */
function sentAt(at: number): number {
  return performance.now() - Math.max(0, Date.now() - at);
}

/** @throws {RangeError} when a listener would refuse what is stored already. */
function refuseNothing<Queue extends { overflow: number }>(queue: Queue): Queue {
  if (queue.overflow === REFUSE)
    throw new RangeError("queue.overflow must not be 'refuse' in an object: what was stored has been accepted");
  return queue;
}

/** `'refuse'`, as `queueOption` numbers it. */
const REFUSE = 3;

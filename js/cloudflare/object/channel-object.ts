// ChannelObject: a channel that lives in a Durable Object, and goes on when that has been evicted.
//
// A broadcast is written to the object's storage first, and reaches the listeners when the write is durable: no client has an
// event id that could be given to another message after a crash.

import { DurableObject } from 'cloudflare:workers';
import { MessageQueueListener } from '../../channel/listener.js';
import { exceptOption } from '../../channel/options.js';
import { InvalidChannelException, InvalidListenerException } from '../../model/errors.js';
import { lastEventIdOption, printEventId } from '../../model/event-id.js';
import type { AnyEvents, EventMap, EventTypes, MessageLike } from '../../model/event-types.js';
import { queueOption } from '../../model/limits.js';
import { send } from '../../model/message.js';
import type { ChannelStats } from '../../model/stats.js';
import type { DrainOptions } from '../../response/drain.js';
import { lastEventIdOf } from '../../response/request-id.js';
import type { ResponseOptions } from '../../response/respond.js';
import type { SSEChannelOptions } from '../../sse/settings.js';
import { idOption, LONGEST_TIMER_SECONDS, numberOption, objectOption } from '../../util/options.js';
import { wakeLost } from '../../wasm/module.js';
import type { Batch } from '../batch.js';
import { type ChannelRpc, contextOf, objectOf } from '../objects.js';
import { closeQuietly } from '../socket-protocol.js';
import { Alarm, forgottenAt } from './alarm.js';
import { Leaf } from './leaf.js';
import { type Life, startLife } from './life.js';
import { type ObjectBroadcastOptions, type ObjectListenerOptions, refuseNothing } from './options.js';
import { weighed } from './store.js';

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
  readonly #alarm = new Alarm(this.ctx.storage);
  readonly #leaf = new Leaf({
    id: this.ctx.id.toString(),
    life: () => this.#life(),
    restart: () => {
      this.#current = undefined;
      return this.#life();
    },
    close: () => this.close(),
    object: (id) => this.#object(id),
  });

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
      return new Response('Use GET to open the event stream', { status: 405, headers: { Allow: 'GET, HEAD' } });
    }
    const { root, relay } = contextOf(request);
    if (!relay && request.headers.get('Upgrade')?.toLowerCase() === 'websocket')
      return new Response('WebSockets are opened by relay() only', { status: 400 });
    const options = this.#optionsFor(request);
    // What has come through a relay is newer than what is known elsewhere.
    const lastEventId = relay?.again
      ? relay.id
      : (lastEventIdOption(options.lastEventId) ?? relay?.id ?? lastEventIdOf(request));
    await this.#leaf.catchUp(root, lastEventId);
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
    if (life.store.root !== undefined)
      throw new InvalidChannelException('this object is a leaf: broadcast on its root');
    const except = exceptOption(objectOption(options, 'options').except);
    const sent = weighed(send(message), except);
    const sequence = life.store.append(sent, except, Date.now());
    await life.inOrder.run(() => life.core.broadcast(sent, except, performance.now()));
    void life.leaves.settle().then(() => this.#alarm.set(life));
    return printEventId(life.store.epoch, sequence);
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
    await life.inOrder.run(() => life.channel.dispatch(listenerId, message as never));
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
    const subscriptionOptions = { queue: refuseNothing(queueOption(queue, 'disconnect')), resumable: true };
    await this.#leaf.catchUp();
    const { channel, core } = this.#open();
    const subscription = core.subscribe(listener, subscriptionOptions);
    subscription.keep(milliseconds, () => core.unsubscribe(subscription));
    // Its own, which says that it is no former life's; the channel's newest would not.
    return { id: listener.id, lastEventId: subscription.lastId ?? channel.lastEventId };
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
    await life.inOrder.run(() => life.channel.gone());
    await life.leaves.close();
    await this.#alarm.set(life);
  }

  async alarm(): Promise<void> {
    this.#alarm.rang();
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
      if (Date.now() >= forgottenAt(life)) {
        await this.ctx.storage.deleteAlarm();
        await this.ctx.storage.deleteAll();
        this.#current = undefined;
        return;
      }
    }
    this.#alarm.tried(life);
    await this.#alarm.set(life);
  }

  webSocketMessage(): void {
    // What a relay says is answered by the runtime; but without this method the runtime would have nobody to hand over what a client says.
    this.#life();
  }

  webSocketClose(socket: WebSocket, code: number): void {
    this.#life().sockets.left(socket);
    // If the runtime has not answered by itself.
    closeQuietly(socket, code === 1005 || code === 1006 ? 1000 : code);
  }

  webSocketError(socket: WebSocket): void {
    this.#life().sockets.left(socket);
  }

  /** Makes this object the leaf of another one, if it is not yet, and sees that it has what that one has. @internal */
  async follow(root: string): Promise<void> {
    await this.#leaf.catchUp(root);
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
    return this.#leaf.deliver(batch);
  }

  /** Returns the channel, restored from what is stored if the object has just started. */
  #life(): Life {
    wakeLost();
    if (this.#current) return this.#current;
    const life = startLife({
      state: this.ctx,
      options: this.channelOptions(),
      optionsFor: (request) => this.#optionsFor(request),
      object: (id) => this.#object(id),
      wake: (life) => this.#alarm.set(life),
    });
    // Before clients hear anything: what they call sees the restored channel.
    this.#current = life;
    life.sockets.restore();
    return life;
  }

  /** @throws {InvalidChannelException} when the channel is closed. */
  #open(): Life {
    const life = this.#life();
    if (life.store.closedAt !== undefined) throw new InvalidChannelException('the channel is closed');
    return life;
  }

  #optionsFor(request: Request): ResponseOptions {
    const options = this.responseOptions(request) as ResponseOptions;
    refuseNothing(queueOption(options.queue, 'disconnect'));
    return options;
  }

  #object(id: string): ChannelRpc {
    return objectOf(this.env, this.ctx.id, id);
  }
}

// The names of what the objects of a tree say to each other, seen by the compiler.
void ((object: ChannelObject): ChannelRpc => object);

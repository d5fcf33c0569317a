// ChannelObject: a channel that lives in a Durable Object and continues after the object was
// evicted.
//
// A broadcast is written to the object's storage first, and reaches the listeners when the write is
// durable. So no client has an event id that another message could get after a crash.

import { DurableObject } from 'cloudflare:workers';
import { MessageQueueListener } from '../../channel/listener.js';
import { exceptOption } from '../../channel/options.js';
import { InvalidChannelException, InvalidListenerException } from '../../model/errors.js';
import { lastEventIdOption, printEventId } from '../../model/event-id.js';
import type { AnyEvents, EventMap, EventTypes, MessageLike } from '../../model/event-types.js';
import { queueOption } from '../../model/limits.js';
import { toSent } from '../../model/message.js';
import type { ChannelStats } from '../../model/stats.js';
import { refusedStatus } from '../../response/access.js';
import type { DrainOptions } from '../../response/drain.js';
import type { ResponseOptions } from '../../response/options.js';
import { lastEventIdOf } from '../../response/request-id.js';
import type { SSEChannelOptions } from '../../sse/settings.js';
import { idOption, LONGEST_TIMER_SECONDS, numberOption, objectOption } from '../../util/options.js';
import { wakeLost } from '../../wasm/wake.js';
import type { Batch } from '../batch.js';
import { type ChannelRpc, contextOf, objectOf } from '../objects.js';
import { closeQuietly } from '../socket-protocol.js';
import { Alarm } from './alarm.js';
import { Leaf } from './leaf.js';
import { type Life, startLife } from './life.js';
import { type ObjectBroadcastOptions, type ObjectListenerOptions, refuseNothing } from './options.js';
import { weighed } from './store.js';

/**
 * A channel in a Durable Object: export it from your Worker, or a subclass, and bind it with SQLite
 * storage.
 *
 * Its history is kept in the object's storage, within the channel's `history` bounds. It outlives
 * the object's eviction and its restarts, and so do the epoch and the numbers of the event ids: a
 * reconnecting client continues where it was. Dispatches are not stored: a resumable listener
 * receives an `_eric_gap` with the reason `'forgotten'`.
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

  /**
   * Returns the options of the channel, as for `new SSEChannel`. Override it: it is called when the
   * object starts.
   */
  protected channelOptions(): SSEChannelOptions {
    return {};
  }

  /**
   * Returns how a client is subscribed, as for `SSEChannel.response`. Override it to give listeners
   * the ids that `dispatch` needs, such as those of clients that your Worker knows. For a client
   * behind `relay`, the request has the URL and the relay's `objectHeaders`. The queue cannot
   * refuse messages: stored messages were accepted.
   */
  protected responseOptions(request: Request): ResponseOptions<Events> {
    void request;
    return {};
  }

  /** Answers a client with its event stream, which continues after its `Last-Event-ID`. */
  async fetch(request: Request): Promise<Response> {
    const { root, relay } = contextOf(request);
    if (!relay && request.headers.get('Upgrade')?.toLowerCase() === 'websocket')
      return new Response('WebSockets are opened by relay() only', { status: 400 });
    const options = this.#optionsFor(request);
    const headers = new Headers(options.headers);
    const refused = relay ? undefined : refusedStatus(request, options, headers);
    if (refused !== undefined) return new Response(null, { status: refused, headers });
    // An id from a relay is newer than any other.
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
   * Sends a message to every listener. It is stored when this resolves. No eviction or restart
   * loses it within the history's bounds.
   *
   * @returns its event id.
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in
   * a line.
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
    const sent = weighed(toSent(message), except);
    const sequence = life.store.append(sent, except, Date.now());
    await life.inOrder.run(() => life.core.broadcast(sent, except, performance.now()));
    void life.leaves.settle().then(() => this.#alarm.set(life));
    return printEventId(life.store.epoch, sequence);
  }

  /**
   * Sends a message to one listener. It is not stored.
   *
   * @throws {InvalidMessageFormat} when JSON cannot carry the payload, or the type does not fit in
   * a line.
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
   * Adds a listener whose client will connect later, by its id (see `responseOptions`). Messages
   * sent meanwhile wait for it, dispatches included.
   *
   * @returns its id, and the event id after which it begins: a client that presents that id
   * receives a gap if its listener is gone.
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
    // The listener's own id tells it from a former listener of the same name; the channel's newest
    // id would not.
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

  /** Returns the counters since the object last started. Only `broadcasts` counts all its lives. */
  async stats(): Promise<ChannelStats> {
    return this.#life().channel.stats();
  }

  /**
   * Sends the clients elsewhere, as `SSEChannel.drain` does. Clients that reconnect are sent away
   * too, until the object restarts.
   *
   * @returns when all responses have ended.
   */
  async drain(options?: DrainOptions): Promise<void> {
    await this.#life().channel.drain(options);
  }

  /**
   * Closes the channel: its clients receive `_eric_channel_closed`, and 204 when they reconnect.
   * The stored messages are deleted when a tree's leaves have them. The closing is remembered for
   * the history's seconds, at most for a day; then the object is as new. Does nothing to a closed
   * channel.
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
    const life = this.#life();
    if (!(await this.#alarm.rang(life))) return;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#current = undefined;
  }

  webSocketMessage(): void {
    // The runtime answers a relay's text itself. Without this method it would fail on any other
    // text of a client.
    this.#life();
  }

  webSocketClose(socket: WebSocket, code: number): void {
    this.#life().sockets.left(socket);
    // In case the runtime has not answered by itself.
    closeQuietly(socket, code === 1005 || code === 1006 ? 1000 : code);
  }

  webSocketError(socket: WebSocket): void {
    this.#life().sockets.left(socket);
  }

  /**
   * Makes this object the leaf of a root, if it is not yet, and fetches the root's messages.
   *
   * @internal
   */
  async follow(root: string): Promise<void> {
    await this.#leaf.catchUp(root);
  }

  /** Adds a leaf that receives the broadcasts, and returns the messages that it lacks. @internal */
  async join(leaf: string, epoch: string, newest: number): Promise<Batch | 'closed'> {
    const { store, leaves } = this.#life();
    if (store.closedAt !== undefined) return 'closed';
    leaves.add(leaf, { epoch, newest });
    return store.batch(epoch, newest);
  }

  /**
   * Takes messages of the root. Returns the number up to which this leaf has every message of an
   * epoch; then the root sends the next ones. Returns nothing if the leaf has no clients. @internal
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

// The compiler checks that the class has the methods which the objects of a tree call.
void ((object: ChannelObject): ChannelRpc => object);

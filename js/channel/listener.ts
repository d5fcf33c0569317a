// MessageQueueListener: an id, a running flag and an `onMessage`.

import type { AnyEvents, EventMap, MessageOf } from '../model/event-types.js';
import { uniqueId } from '../model/ids.js';
import { type ListenerStats, sumOf } from '../model/stats.js';
import { functionOption, idOption, objectOption } from '../util/options.js';

export interface ListenerOptions<Events> {
  /** The listener's id; a random UUID when left out. */
  id?: string | undefined;
  /** Sees each message when it is delivered. If it throws, the message is not delivered. */
  onMessage?: ((message: MessageOf<Events>) => void) | undefined;
}

/**
 * The name under which a listener has its class. Channels of another copy of the package find by it
 * what they call, so a change of its meaning takes another number.
 */
const LISTENER: unique symbol = Symbol.for('eric-sse.listener.1');

/** Whether it is a listener, of this copy of the package or another one. @internal */
export const isListener = (value: unknown): value is MessageQueueListener => LISTENER in Object(value);

/** Returns the class that a listener is of. @internal */
export const classOf = (listener: MessageQueueListener): typeof MessageQueueListener => listener[LISTENER];

/** A listener at one channel. @internal */
export interface Registration {
  start(): void;
  stop(): void;
  stats(): ListenerStats;
}

/**
 * Receives the messages of the channels that it is registered with, while it is running.
 *
 * It starts out stopped; what is sent meanwhile waits for it. Override `onMessage` in a subclass,
 * or hand it in, to see or validate messages when they are delivered.
 *
 * @example
 * const listener = new MessageQueueListener({
 *   onMessage(message) {
 *     if (message.payload === undefined) throw new Error('a payload is wanted');
 *   },
 * });
 */
export class MessageQueueListener<Events extends EventMap<Events> = AnyEvents> {
  #id: string | undefined;
  #running = false;
  #registrations = new Set<Registration>();

  constructor(options?: ListenerOptions<Events>) {
    const { id, onMessage } = objectOption(options, 'options');
    this.#id = idOption(id, 'id');
    if (functionOption(onMessage, 'onMessage')) this.onMessage = onMessage!;
  }

  /** The id, unique across processes unless it was chosen. */
  get id(): string {
    return (this.#id ??= uniqueId());
  }

  /**
   * Executes when a message is delivered. If it throws, the message is not delivered.
   *
   * It may call everything: send, add, remove, stop, close. The message that stops its own listener
   * is still delivered.
   */
  onMessage(message: MessageOf<Events>): void {
    void message;
  }

  /** Starts listening: what waits, and what is sent from now on, is delivered. */
  async start(): Promise<void> {
    this.startSync();
  }

  /** As {@link start}. */
  startSync(): void {
    this.#running = true;
    for (const registration of this.#registrations) registration.start();
  }

  /** Stops listening: the listener's streams end, and what is sent from now on waits. */
  async stop(): Promise<void> {
    this.stopSync();
  }

  /** As {@link stop}. */
  stopSync(): void {
    this.#running = false;
    for (const registration of this.#registrations) registration.stop();
  }

  /** Returns whether the listener is running. */
  async isRunning(): Promise<boolean> {
    return this.isRunningSync();
  }

  /** As {@link isRunning}. */
  isRunningSync(): boolean {
    return this.#running;
  }

  /** Returns what became of its messages, at all channels together where it is registered now. */
  stats(): ListenerStats {
    const all = Array.from(this.#registrations, (registration) => registration.stats());
    const connected = all.reduce((sum, stats) => sum + stats.connected, 0);
    return { id: this.id, running: this.#running, connected, ...sumOf(all) };
  }

  /** @internal */
  get [LISTENER](): typeof MessageQueueListener {
    return MessageQueueListener;
  }

  /** Whether messages have to be shown to `onMessage`: whether it is overridden. @internal */
  static hasOnMessage(listener: MessageQueueListener): boolean {
    return listener.onMessage !== MessageQueueListener.prototype.onMessage;
  }

  /** @internal */
  static join(listener: MessageQueueListener, registration: Registration): void {
    listener.#registrations.add(registration);
  }

  /** @internal */
  static leave(listener: MessageQueueListener, registration: Registration): void {
    listener.#registrations.delete(registration);
  }

  /**
   * Stops a listener that the core has stopped at one channel, because that was closed.
   *
   * @internal
   */
  static stopElsewhere(listener: MessageQueueListener, closed: Registration): void {
    listener.#running = false;
    for (const registration of listener.#registrations) {
      if (registration !== closed) registration.stop();
    }
  }
}

// The calls of a channel in the core: with streams.ts, every call into it. No file of another
// folder imports the bindings.
//
// The core answers a frequent call with a number whose sign means something, and hands the value
// over beside it. A call that returns an array or may throw takes several times as long. Here the
// numbers become values with names, and exceptions.

import { importsOfModule, installHost, RawChannel, useInstance } from '../../pkg/eric_sse.js';
import { QueueFullException } from '../model/errors.js';
import type { Overflow, Queue } from '../model/limits.js';
import type { Sent } from '../model/message.js';
import type { Counts, TotalCounts } from '../model/stats.js';
import type { ChannelHandle, FormerLife, StreamKey, StreamSettings, SubscriptionKey } from './core.js';
import { ChunkWriter } from './event-text.js';
import { exception } from './exceptions.js';
import { give, take } from './handover.js';

/** Returns what the module imports. */
export const imports = importsOfModule;

/**
 * Uses an instance of the module. `wakeSoon` is called when the first stream of a turn is woken.
 */
export function connect(instance: WebAssembly.Instance, wakeSoon: () => void): void {
  useInstance(instance);
  installHost({
    exception,
    wakeSoon,
    chunk: () => new ChunkWriter(),
    give,
  });
}

/** Creates a channel: a new one, or another life of one that ended. */
export function createChannel(
  { delaySeconds, retryMilliseconds, history }: StreamSettings,
  life?: FormerLife,
): ChannelHandle {
  return new RawChannel(
    delaySeconds > 0,
    retryMilliseconds,
    history.messages,
    history.bytes,
    history.seconds * 1000,
    life?.epoch,
    life?.sequence ?? 0,
    life?.dispatched ?? 0,
  ) as unknown as ChannelHandle;
}

const raw = (channel: ChannelHandle): RawChannel => channel as unknown as RawChannel;

/** A limit's overflow by its number in the core; 0 stands for no limit. */
const OVERFLOWS: readonly (Overflow | undefined)[] = [undefined, 'drop-oldest', 'disconnect', 'refuse'];

/**
 * Adds a subscription. The caller ensures that the id is unused.
 *
 * @throws {InvalidChannelException} if the channel is closed.
 */
export function subscribe(
  channel: ChannelHandle,
  listenerId: string,
  isRunning: boolean,
  { messages, bytes, overflow }: Queue,
  isResumable: boolean,
  lastEventId: string | undefined,
): SubscriptionKey {
  return keyOrThrow(
    raw(channel).add(listenerId, isRunning, OVERFLOWS.indexOf(overflow), messages, bytes, isResumable, lastEventId),
  );
}

function keyOrThrow(key: number): number {
  if (key < 0) throw take();
  return key;
}

export function unsubscribe(channel: ChannelHandle, key: SubscriptionKey): void {
  raw(channel).remove(key);
}

/** Continues a resumable subscription after an event id. */
export function rewind(channel: ChannelHandle, key: SubscriptionKey, lastEventId: string): void {
  raw(channel).rewind(key, lastEventId);
}

export function setRunning(channel: ChannelHandle, key: SubscriptionKey, isRunning: boolean): void {
  raw(channel).setRunning(key, isRunning);
}

export function isRunning(channel: ChannelHandle, key: SubscriptionKey): boolean {
  return raw(channel).isRunning(key);
}

/** @param filter Must not throw. */
export function setFilter(
  channel: ChannelHandle,
  key: SubscriptionKey,
  filter: ((sent: Sent) => boolean) | undefined,
): void {
  raw(channel).setFilter(key, filter);
}

/** @param onMessage Refuses a message by throwing. */
export function setOnMessage(
  channel: ChannelHandle,
  key: SubscriptionKey,
  onMessage: ((sent: Sent) => void) | undefined,
): void {
  raw(channel).setOnMessage(
    key,
    onMessage &&
      // Returns what was thrown, in an array: of a call that throws, wasm-bindgen leaves a place in
      // its table taken.
      ((sent: Sent): [unknown] | undefined => {
        try {
          onMessage(sent);
          return undefined;
        } catch (error) {
          return [error];
        }
      }),
  );
}

/**
 * Sends a message to every listener except those with the ids in `except`, one per line, and notes
 * its sequence number.
 *
 * @param at When it was sent, in milliseconds of `performance.now()`: not before the previous
 * broadcast.
 * @returns the ids of the listeners that were disconnected, because their queues were full;
 * `undefined` if no queue was full.
 * @throws {InvalidChannelException | QueueFullException}
 */
export function broadcast(
  channel: ChannelHandle,
  sent: Sent,
  except: string | undefined,
  at: number,
): string[] | undefined {
  const answer = raw(channel).broadcast(sent, sent.bytes, except, at);
  if (answer === 0) throw refusal(sent);
  sent.sequence = Math.abs(answer);
  return answer < 0 ? (take() as string).split('\n') : undefined;
}

/**
 * Sends a message to one subscription, and notes its event id.
 *
 * @returns whether the listener was disconnected, because its queue was full.
 * @throws {InvalidListenerException | InvalidChannelException | QueueFullException}
 */
export function dispatch(channel: ChannelHandle, key: SubscriptionKey, sent: Sent): boolean {
  const answer = raw(channel).dispatch(key, sent, sent.bytes);
  if (answer === 0) throw refusal(sent);
  sent.id = take() as string;
  return answer < 0;
}

/** Returns the exception that the core has handed over for a send. */
function refusal({ message }: Sent): unknown {
  const error = take();
  if (error instanceof QueueFullException) error.refused = message;
  return error;
}

/**
 * Delivers the oldest message of a subscription.
 *
 * @throws {NoMessagesException | InvalidListenerException} and what `onMessage` throws.
 */
export function deliver(channel: ChannelHandle, key: SubscriptionKey): Sent {
  const isDelivered = raw(channel).deliver(key);
  const taken = take();
  if (!isDelivered) throw taken;
  return taken as Sent;
}

/** Returns the event id of a broadcast; of the newest one if no sequence number is given. */
export function eventId(channel: ChannelHandle, sequence?: number): string {
  raw(channel).eventId(sequence);
  return take() as string;
}

/**
 * Returns the event id up to which a subscription has received everything; `undefined` if it will
 * receive a gap first.
 */
export function lastEventId(channel: ChannelHandle, key: SubscriptionKey): string | undefined {
  return raw(channel).lastId(key) ? (take() as string) : undefined;
}

/**
 * Returns since when a message waits for a subscription, in milliseconds of `performance.now()`.
 */
export function waitingSince(channel: ChannelHandle, key: SubscriptionKey): number | undefined {
  const since = raw(channel).waitingSince(key);
  return Number.isNaN(since) ? undefined : since;
}

/**
 * Returns the counters of a subscription, or of the channel. The order is that of `src/wasm`, which
 * a test compares.
 */
export function counters(channel: ChannelHandle, key?: SubscriptionKey): Counts & TotalCounts {
  const [
    delivered = 0,
    replayed = 0,
    dropped = 0,
    refused = 0,
    filtered = 0,
    discarded = 0,
    queued = 0,
    bytes = 0,
    lag = 0,
    remembered = 0,
    broadcasts = 0,
    refusedSends = 0,
    kept = 0,
    keptBytes = 0,
  ] = raw(channel).stats(key);
  return {
    delivered,
    replayed,
    queued,
    bytes,
    lag,
    remembered,
    dropped: { overflow: dropped, discarded },
    refused: { onMessage: refused, filter: filtered },
    broadcasts,
    refusedSends,
    history: { messages: kept, bytes: keptBytes },
  };
}

export function closeChannel(channel: ChannelHandle): void {
  raw(channel).close();
}

export function isClosed(channel: ChannelHandle): boolean {
  return raw(channel).isClosed();
}

/**
 * Opens a stream of messages.
 *
 * @param onError Receives what `onMessage` throws.
 * @throws {InvalidListenerException} if the subscription does not exist.
 */
export function openMessages(
  channel: ChannelHandle,
  key: SubscriptionKey,
  onError: (error: unknown) => void,
): StreamKey {
  return keyOrThrow(raw(channel).open(key, onError, undefined));
}

/**
 * Opens a stream of bytes.
 *
 * @param onError Receives what `onMessage` throws.
 * @param positionEvents Whether ids without a message are sent as events.
 * @throws {InvalidListenerException} if the subscription does not exist.
 */
export function openBytes(
  channel: ChannelHandle,
  key: SubscriptionKey,
  onError: (error: unknown) => void,
  positionEvents: boolean,
): StreamKey {
  return keyOrThrow(raw(channel).open(key, onError, positionEvents));
}

// SSEChannel: messages become events, and events a Response.

import { bodyOf } from './body.js';
import { AbstractChannel, internalsOf, ownedBy, streamOptions, type ChannelOptions, type StreamOptions } from './channel.js';
import type { AnyEvents, ClosedMessage, EventMap, MessageOf, SSEEvent } from './events.js';
import type { MessageQueueListener } from './listener.js';
import { durationOption, objectOption, signalOption } from './options.js';
import { adaptedBodyOf } from './adapted-body.js';
import { eventStreamHeaders, type HeadersLike } from './headers.js';

export interface SSEChannelOptions extends ChannelOptions {
  /** The least time between two deliveries of one stream, in seconds; 0 by default. */
  streamDelaySeconds?: number | undefined;
  /** The reconnection time that clients are told, in milliseconds; 15,000 by default. */
  retryTimeoutMilliseconds?: number | undefined;
}

export interface ResponseOptions<Events extends EventMap<Events> = AnyEvents> extends StreamOptions {
  /** The listener to read for, which must not be registered yet; a new one when left out. */
  listener?: MessageQueueListener<Events> | undefined;
  /** Headers to send as well, for example those of CORS. */
  headers?: HeadersLike | undefined;
}

/** What is read of a `Request`. */
export type RequestLike = Pick<Request, 'method' | 'signal'>;

/**
 * A channel whose streams are Server-Sent Events: objects for readers in this process, a `Response` for clients.
 *
 * @example
 * const channel = new SSEChannel<{ tick: number }>();
 * const response = channel.response(request); // the client listens from here on
 * channel.broadcast({ type: 'tick', payload: 1 });
 *
 * @typeParam Item What a stream yields, when a subclass overrides `adapt` or `messageStream`.
 */
export class SSEChannel<Events extends EventMap<Events> = AnyEvents, Item = SSEEvent<Events>> extends AbstractChannel<Events, Item> {
  readonly #retryMilliseconds: number;

  constructor(options?: SSEChannelOptions) {
    const { id, streamDelaySeconds, retryTimeoutMilliseconds } = objectOption(options, 'options');
    const delaySeconds = durationOption(streamDelaySeconds, 'streamDelaySeconds', 0, LONGEST_TIMER_SECONDS);
    const retryMilliseconds = durationOption(retryTimeoutMilliseconds, 'retryTimeoutMilliseconds', 15_000);
    if (!Number.isInteger(retryMilliseconds)) throw new RangeError('retryTimeoutMilliseconds must be a whole number');
    super(id === undefined ? undefined : { id }, { delaySeconds, retryMilliseconds });
    this.#retryMilliseconds = retryMilliseconds;
  }

  /** The least time between two deliveries of one stream, in seconds. */
  get streamDelaySeconds(): number {
    return internalsOf(this).wire.delaySeconds;
  }

  /** The reconnection time that clients are told, in milliseconds. */
  get retryTimeoutMilliseconds(): number {
    return this.#retryMilliseconds;
  }

  /**
   * Makes the event of a message. An override may return any other `{ event, data, id }`: {@link response} writes just that.
   */
  protected override adapt(message: MessageOf<Events> | ClosedMessage, id: string | undefined): Item {
    return { event: message.type, data: message.payload, retry: this.#retryMilliseconds, id } as Item;
  }

  /**
   * Adds a listener, starts it and answers with its event stream. The listener exists from this call on, and is removed
   * whichever way the stream ends: by the client, by an aborted signal, by its own stop or removal, by the channel.
   *
   * Chunks of the body are shared between responses: whoever reads a body in this process must not write to them.
   *
   * @param request The client's request: its `signal` ends the stream. A `HEAD` request is answered without a body.
   * @throws {InvalidChannelException} when the channel is closed.
   */
  response(request?: RequestLike | null, options?: ResponseOptions<Events>): Response {
    if (request != null && typeof request !== 'object') throw new TypeError('request must be a Request');
    const { signal, onError } = streamOptions(options);
    const headers = eventStreamHeaders(options?.headers);
    if (request?.method === 'HEAD') return new Response(null, { headers });
    const signals = [signal, signalOption(request?.signal, 'request.signal')];
    const body = ownedBy(this, options?.listener, (seat, leave) => {
      if (this.#isAdapted()) {
        const stream = this.messageStream(seat.listener as unknown as MessageQueueListener<Events>, { onError });
        return adaptedBodyOf(stream, { seat, leave, signals, onError, retryMilliseconds: this.#retryMilliseconds });
      }
      return bodyOf(this, seat, { leave, signals, onError });
    });
    return new Response(body, { headers });
  }

  /** Whether a subclass decides what a stream yields, so that the core's own blocks are not what is wanted. */
  #isAdapted(): boolean {
    return this.adapt !== SSEChannel.prototype.adapt || this.messageStream !== SSEChannel.prototype.messageStream;
  }
}

/** The longest delay that timers keep, 2^31 - 1 milliseconds: a longer one would fire at once. */
const LONGEST_TIMER_SECONDS = 2_147_483.647;

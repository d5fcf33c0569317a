// Multiplexer: answers one request with the events of several channels.

import { refusedStatus } from '../response/access.js';
import { type Answer, RESPOND, type Responder } from '../response/answer.js';
import { Body } from '../response/body.js';
import { toResponse } from '../response/fetch-sink.js';
import { eventStreamHeaders } from '../response/headers.js';
import { Connection, livenessOption } from '../response/liveness.js';
import type { ResponseOptions } from '../response/options.js';
import type { RequestLike } from '../response/request-id.js';
import { refusal, statusOf } from '../response/status.js';
import { booleanOption, functionOption, objectOption, shown } from '../util/options.js';
import { ChannelsClosedException, ChannelsRefusedException } from './errors.js';
import { MultiplexSource } from './multiplex-source.js';
import {
  type AnyChannel,
  authorizeOption,
  type ChannelsByName,
  type MultiplexOptions,
  namesOf,
  positionsOf,
} from './options.js';
import { Part } from './part.js';

/**
 * Answers a request with the events of several channels, on one connection. Each event has an id
 * that begins with the name of its channel and has the positions at all of them.
 *
 * @example
 * const multiplexer = new Multiplexer(container, { authorize: (request, name) => mayRead(request, name) });
 * const response = await multiplexer.response(request); // GET /events?channel=prices&channel=chat
 * createServer(toNode(multiplexer)).listen(8080);
 */
export class Multiplexer {
  readonly #find: (name: string) => AnyChannel | undefined;
  readonly #options: MultiplexOptions;

  /**
   * @param channels The channels by name.
   * @param options The options of all responses, on top of which `response` may have its own.
   * @throws {TypeError} when an argument is invalid.
   */
  constructor(channels: ChannelsByName, options?: MultiplexOptions) {
    if (typeof channels !== 'function' && typeof channels?.get !== 'function')
      throw new TypeError(`channels must be a ChannelContainer, a Map or a function, not ${shown(channels)}`);
    this.#find =
      typeof channels === 'function' ? channels : (name) => (channels.has(name) ? channels.get(name) : undefined);
    this.#options = { ...objectOption(options, 'options') };
    functionOption(this.#options.authorize, 'authorize');
  }

  /**
   * Answers as the channels themselves would, all in one event stream. For a channel that is not
   * open the client receives an event of type `_eric_channel_closed`, and `_eric_channel_refused`
   * for a channel that `authorize` refuses. The response ends when all its channels are closed. It
   * also ends when the response of one of them would end for another reason: the client
   * reconnects.
   *
   * @throws {ChannelsRefusedException} with the status 400 or 403.
   * @throws {ChannelsClosedException} when no channel is open, with the status 503.
   * @throws {InvalidListenerException} when the listener is in use at a channel, with the status
   * 409.
   * @throws what `authorize` throws.
   */
  async response(request?: RequestLike | null, options?: MultiplexOptions): Promise<Response> {
    return this.#respond(request, options, toResponse);
  }

  /** Answers through the given function, also a request that is refused. @internal */
  [RESPOND]<Answered>(
    request: RequestLike | null | undefined,
    options: MultiplexOptions | undefined,
    answer: Answer<Answered>,
  ): void {
    this.#respond(request, options, answer).catch((error: unknown) => {
      const status = refusal(error, options?.onError ?? this.#options.onError);
      const headers = new Headers();
      // A client that keeps the connection would reconnect over it, to the same closed channels.
      if (status === 503) headers.set('Connection', 'close');
      if (status === 500) return answer(status, headers, null);
      headers.set('Content-Type', 'text/plain');
      return answer(status, headers, new TextEncoder().encode(String((error as Error).message)));
    });
  }

  async #respond<Answered>(
    request: RequestLike | null | undefined,
    options: MultiplexOptions | undefined,
    answer: Answer<Answered>,
  ): Promise<Answered> {
    const given: MultiplexOptions = { ...this.#options, ...objectOption(options, 'options') };
    const authorize = authorizeOption(given.authorize);
    const liveness = livenessOption(given);
    const positionEvents = booleanOption(given.positionEvents, 'positionEvents', true);
    const headers = eventStreamHeaders(given.headers);
    const status = refusedStatus(request, given, headers);
    if (status !== undefined) return answer(status, headers, null);
    const names = namesOf(request, given.channels);
    const positions = positionsOf(request, given.lastEventId, names);
    const asked = request ?? { method: 'GET' };
    const allowed = await Promise.all(names.map(async (name) => authorize(asked, name)));
    if (!allowed.some(Boolean)) throw new ChannelsRefusedException('the request may read none of its channels', 403);
    if (request?.method === 'HEAD') return answer(200, headers, null);

    const parts: Part[] = [];
    try {
      let gone = 0;
      for (const [index, name] of names.entries()) {
        const opened = allowed[index] ? this.#open(name, positions.get(name), request, given) : undefined;
        if (opened instanceof Uint8Array) {
          // The channel is being drained: another process is to answer.
          for (const part of parts) void part.cancel('drained');
          headers.set('Connection', 'close');
          return answer(200, headers, opened);
        }
        if (opened === null) gone++;
        parts.push(opened ?? Part.ended(name, !allowed[index]));
      }
      if (parts.every(({ body }) => !body)) {
        headers.set('Connection', 'close');
        if (gone === allowed.filter(Boolean).length) return answer(204, headers, null);
        throw new ChannelsClosedException('no channel of the request is open');
      }
      const connection = new Connection(liveness, { resumable: false, connection: undefined }, () => {});
      return answer(200, headers, (sink) => {
        const options = { connection, parts, positions, positionEvents };
        const body = new Body(connection, sink, (body) => new MultiplexSource(body, options));
        // It must not hold the body that it ends.
        connection.open(body, (reason) => parts.forEach((part) => void part.cancel(reason)));
        return body;
      });
    } catch (error) {
      for (const part of parts) void part.cancel('failed');
      throw error;
    }
  }

  /**
   * Opens a channel's part. Returns `undefined` for a channel that is not open, `null` for one that
   * is gone, and the bytes that a channel answers with while it is drained.
   */
  #open(
    name: string,
    lastEventId: string | undefined,
    request: RequestLike | null | undefined,
    given: MultiplexOptions,
  ): Part | Uint8Array | null | undefined {
    const channel = this.#find(name) as unknown as Responder | undefined;
    if (channel === undefined) return undefined;
    const { channels, authorize, perChannel, methods, cors, headers, maxDurationSeconds, ...shared } = given;
    const options: ResponseOptions = { ...shared, ...perChannel?.(name), lastEventId };
    // Without the headers, whose id is that of all channels. It holds the request, whose signal may
    // follow another one only while the request is there.
    const asked = { method: 'GET', signal: request?.signal, request };
    try {
      return channel[RESPOND]<Part | Uint8Array | null>(asked, options, (_status, _headers, body) => {
        if (typeof body !== 'function') return body;
        const part = new Part(name);
        part.body = body(part);
        return part;
      });
    } catch (error) {
      if (statusOf(error) === 503) return undefined;
      throw error;
    }
  }
}

// Sockets: the object's side of `relay`. Clients whose responses are elsewhere, each at the other end of a WebSocket that may sleep.
//
// What is known of a client stands in its socket's attachment, which outlives the object: how it is subscribed, and up to which
// event id it was sent everything.

import { internalsOf, seatOf, type AbstractChannel } from '../channel.js';
import type { CloseReason, Ending } from '../connection.js';
import { jittered, seatFor, type ResponseOptions } from '../respond.js';
import { note } from '../draft.js';
import { eventStreamHeaders } from '../headers.js';
import { filterOption } from '../filter.js';
import { lastEventIdOf, lastEventIdOption } from '../last-event-id.js';
import { queueOption } from '../limits.js';
import { LONGEST_TIMER_SECONDS, numberOption } from '../options.js';
import { ENDED, OpenStream, WAIT, type Reader } from '../open.js';
import { reporter } from '../report.js';
import type { Seat } from '../seat.js';

/** The code of a socket whose stream has ended: the response ends with it. After any other one the relay joins again. */
export const STREAM_ENDED = 4000;

interface Attachment {
  url: string;
  headers: [string, string][];
  /** Up to where the client was sent everything. */
  id: string | undefined;
}

const OPEN = 1;

export class Sockets {
  readonly #state: DurableObjectState;
  readonly #channel: AbstractChannel;
  readonly #retryMilliseconds: number;
  readonly #optionsFor: (request: Request) => ResponseOptions;
  readonly #joined = new Map<WebSocket, Joined>();

  constructor(state: DurableObjectState, channel: AbstractChannel, retryMilliseconds: number, optionsFor: (request: Request) => ResponseOptions) {
    this.#state = state;
    this.#channel = channel;
    this.#retryMilliseconds = retryMilliseconds;
    this.#optionsFor = optionsFor;
  }

  /** Goes on for the clients of a former life of the object. */
  restore(): void {
    for (const socket of this.#state.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as Attachment | null;
      if (socket.readyState !== OPEN || attachment === null) continue;
      try {
        this.#open(socket, attachment, attachment.id, true);
      } catch {
        // The channel is closed, or another one has its listener: its client comes back, and is told.
        socket.close(STREAM_ENDED, 'removed');
      }
    }
  }

  /** Has a client join. @throws as `respond` does. */
  join(request: Request): Response {
    const headers = eventStreamHeaders(undefined);
    const { gone, draining } = internalsOf(this.#channel);
    if (gone) return new Response(null, { status: 204, headers });
    if (draining) return new Response(note(jittered(this.#retryMilliseconds)) as Uint8Array<ArrayBuffer>, { headers });
    const { 0: client, 1: socket } = new WebSocketPair();
    const attachment: Attachment = { url: request.url, headers: [...request.headers].filter(([name]) => !UNREMARKABLE.test(name)), id: undefined };
    this.#state.acceptWebSocket(socket);
    try {
      // What is attached is bounded by the runtime, which says so by throwing.
      socket.serializeAttachment(attachment);
    } catch {
      socket.close(1011);
      return new Response('what the relay sends along does not fit into an attachment', { status: 431 });
    }
    this.#open(socket, attachment, lastEventIdOf(request), false);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A socket was closed from the other side. */
  left(socket: WebSocket): void {
    this.#joined.get(socket)?.end('cancelled');
  }

  /**
   * @param lastEventId Where the client is.
   * @param isRestored Whether its socket was open before.
   */
  #open(socket: WebSocket, attachment: Attachment, lastEventId: string | undefined, isRestored: boolean): void {
    const request = new Request(attachment.url, { headers: attachment.headers });
    const given = this.#optionsFor(request);
    const keepMilliseconds = numberOption(given.resumeSeconds, 'resumeSeconds', 0, LONGEST_TIMER_SECONDS) * 1000;
    const { listener, onError, onClose } = given;
    const id = typeof listener === 'string' ? listener : listener?.id;
    // Who comes again by the id of a listener that has a socket comes in its place.
    for (const other of [...this.#joined.values()]) if (other.seat.listener.id === id && !other.seat.resumable) other.end('replaced');
    const seat = seatFor(this.#channel, listener, {
      queue: queueOption(given.queue, 'disconnect'),
      filter: filterOption(given),
      onError,
      lastEventId: (isRestored ? undefined : lastEventIdOption(given.lastEventId)) ?? lastEventId,
      resumable: keepMilliseconds > 0,
    });
    seat.listener.startSync();
    const leave = (ending: Ending, reason: CloseReason): void => {
      const { connections, ended } = internalsOf(this.#channel);
      this.#joined.delete(socket);
      connections.delete(ending);
      ended[reason] = (ended[reason] ?? 0) + 1;
      const stats = seat.stats();
      const giveUp = (): void => {
        if (seatOf(this.#channel, seat.listener.id) === seat) this.#channel.removeListener(seat.listener.id);
      };
      if (keepMilliseconds === 0 || reason === 'closed') giveUp();
      else if (seat.connection === ending) seat.keep(keepMilliseconds, giveUp);
      try {
        onClose?.({ reason, listener: seat.listener, stats });
      } catch (error) {
        reporter(seat.listener.id, onError)(error);
      }
    };
    // Nothing was sent since: all that the stream begins with, the client has.
    const isAware = isRestored && lastEventId?.split('.', 1)[0] === this.#channel.lastEventId;
    const { delaySeconds } = internalsOf(this.#channel).wire;
    const joined = new Joined(socket, seat, { attachment, isAware, delaySeconds, leave, report: reporter(seat.listener.id, onError) });
    this.#joined.set(socket, joined);
    internalsOf(this.#channel).connections.add(joined);
    if (seat.resumable) seat.connection = joined;
    joined.woken();
  }
}

/** What the handshake of a WebSocket is made of, and what says where the client was when it joined. */
const UNREMARKABLE = /^(connection|upgrade|sec-websocket-.*|last-event-id)$/i;

interface JoinedOptions {
  attachment: Attachment;
  isAware: boolean;
  delaySeconds: number;
  leave: (ending: Ending, reason: CloseReason) => void;
  report: (error: unknown) => void;
}

/** A client's socket, and the stream that it is sent. */
class Joined implements Reader, Ending {
  readonly seat: Seat;
  readonly #socket: WebSocket;
  readonly #options: JoinedOptions;
  readonly #stream: OpenStream;
  /** What a stream starts with is no delivery. */
  #started = false;

  constructor(socket: WebSocket, seat: Seat, options: JoinedOptions) {
    this.#socket = socket;
    this.seat = seat;
    this.#options = options;
    const onEnd = (reason: CloseReason): void => {
      socket.close(STREAM_ENDED, reason);
      options.leave(this, reason);
    };
    this.#stream = new OpenStream(seat.raw.open(seat.number, true, options.report), seat, this, { delaySeconds: options.delaySeconds, signals: [], onEnd });
  }

  /** Sends what is ready. */
  woken(): void {
    for (;;) {
      const chunk = this.#stream.readBytes();
      if (chunk === ENDED) return;
      if (chunk === WAIT) return this.#stream.wait(this);
      if (this.#started || !this.#options.isAware) this.#send(chunk);
      else this.#remember();
      if (this.#started) this.#stream.delivered();
      this.#started = true;
    }
  }

  ended(): void {}

  finish(reason: CloseReason, retryMilliseconds: number): void {
    this.#send(note(retryMilliseconds, this.seat.lastId));
    this.end(reason);
  }

  end(reason: CloseReason): void {
    this.#stream.end(reason);
  }

  #send(bytes: Uint8Array): void {
    try {
      this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
    } catch {
      return this.end('failed');
    }
    this.#remember();
  }

  #remember(): void {
    const { attachment } = this.#options;
    attachment.id = this.seat.lastId ?? attachment.id;
    this.#socket.serializeAttachment(attachment);
  }
}

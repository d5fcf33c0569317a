// relay: the Worker has the client's response, and its object may sleep. A WebSocket joins the two.

import { ENDED, WAIT } from '../../channel/core-stream.js';
import { Body, type Source } from '../../response/body.js';
import { toResponse } from '../../response/fetch-sink.js';
import { eventStreamHeaders, type HeadersLike } from '../../response/headers.js';
import { lastIdIn } from '../../response/last-id-in.js';
import { type CloseReason, Connection, type LivenessOptions, livenessOption } from '../../response/liveness.js';
import { lastEventIdOf, lastEventIdOption } from '../../response/request-id.js';
import { functionOption, numberOption, objectOption, signalOption } from '../../util/options.js';
import { onAbort } from '../../util/signals.js';
import { note } from '../../wasm/event-text.js';
import { ALIVE, leave, STREAM_ENDED } from '../object/sockets.js';
import { againMilliseconds, patiently, TRIES, told } from '../objects.js';

/**
 * Whom a relay asks: a stub of a `ChannelObject`, or anything else that answers as one does. It is sent a line feed through its WebSocket now and
 * then, and may answer with the same to say that it is there.
 */
export interface RelayTarget {
  fetch(request: Request): Promise<Response>;
}

export interface RelayOptions extends Omit<LivenessOptions, 'onClose'> {
  /** The headers that the object's `responseOptions` sees, in place of the client's: they are kept with the socket, which has little room. */
  objectHeaders?: HeadersLike | undefined;
  /** Headers of the response to send as well, for example those of CORS. */
  headers?: HeadersLike | undefined;
  /** The last event ID of the client, instead of what the request says. */
  lastEventId?: string | undefined;
  /**
   * How many bytes may wait for the client, 1 MiB by default: beyond that the response ends, and the client comes back. What it is replayed
   * counts on top until it has been read.
   */
  queueBytes?: number | undefined;
  /**
   * When nothing has come from the object for so long, 300 by default, it is asked whether it is still there, with the next heartbeat, and when
   * it has not answered by a later one, the WebSocket is taken for lost. The object sleeps on. 0 for never, as without heartbeats.
   */
  quietSeconds?: number | undefined;
  /** Is told once, when the response has ended, by whatever. */
  onClose?: ((report: { reason: CloseReason }) => void) | undefined;
}

/** A WebSocket that was open for so long was no failure. */
const LASTING_MILLISECONDS = 10_000;

/** A WebSocket that does not answer for so long leads nowhere. */
const ANSWER_MILLISECONDS = 5_000;

/**
 * Answers a client with the event stream of a channel in an object, which may hibernate meanwhile. Heartbeats are made here. A WebSocket that is
 * lost is joined again behind the last event id that came through it.
 *
 * @param request The client's request, as for `SSEChannel.response`.
 * @param stub The object's stub, or what makes one: a stub is of no use any more when its object has failed, so that only who can make
 * another one can have the WebSocket joined again. With a stub alone the response ends, and the client comes back.
 * @returns the event stream; or what the object has answered in its stead, as the 204 of a channel that is gone, or the 405 to what is no GET.
 * @throws {TypeError | RangeError} when an option is none.
 */
export async function relay(
  request: Request,
  stub: RelayTarget | (() => RelayTarget),
  options?: RelayOptions,
): Promise<Response> {
  const given = objectOption(options, 'options');
  const liveness = livenessOption(given);
  const onClose = functionOption(given.onClose, 'onClose');
  const queueBytes = numberOption(given.queueBytes, 'queueBytes', 1024 * 1024, Infinity);
  const quietMilliseconds = numberOption(given.quietSeconds, 'quietSeconds', 300) * 1000 || Infinity;
  const lastEventId = lastEventIdOption(given.lastEventId) ?? lastEventIdOf(request);
  const signal = signalOption(request.signal, 'request.signal');
  const headers = eventStreamHeaders(given.headers);

  /** Asks the object, whose answer it is if no stream is wanted. Another id than the client's has come through a WebSocket that was lost. */
  const ask = (id: string | undefined): Promise<Response> => {
    const { method, url } = request;
    const joining = new Headers(given.objectHeaders);
    const isGet = method === 'GET';
    if (isGet) joining.set('Upgrade', 'websocket');
    const plain = new Request(url, { method, headers: joining });
    return (typeof stub === 'function' ? stub() : stub).fetch(
      isGet ? told(plain, { relay: { id, again: id !== lastEventId } }) : plain,
    );
  };
  const answer = await patiently(() => ask(lastEventId));
  if (!answer.webSocket) {
    const { status, body } = answer;
    // The caller's as well: without those of CORS a page would not see that it is to stay away.
    const all = new Headers(given.headers);
    answer.headers.forEach((value, name) => all.set(name, value));
    return new Response(body, { status, headers: all });
  }

  const connection: Connection = new Connection(liveness, { resumable: false, connection: undefined }, (reason) =>
    onClose?.({ reason }),
  );
  const { webSocket } = answer;
  return toResponse(200, headers, (sink) => {
    let source: SocketSource;
    const body = new Body(
      connection,
      sink,
      (body) => (source = new SocketSource(body, connection, { ask, queueBytes, quietMilliseconds, lastEventId })),
    );
    source!.listen(webSocket);
    connection.open(body, (reason) => source.end(reason));
    source!.onEnd = onAbort([signal], () => source.end('aborted'));
    return body;
  });
}

interface SocketSourceOptions {
  ask: (id: string | undefined) => Promise<Response>;
  queueBytes: number;
  quietMilliseconds: number;
  lastEventId: string | undefined;
}

/** The source of a response whose bytes come through a WebSocket. */
class SocketSource implements Source {
  readonly #body: Body;
  readonly #connection: Connection;
  readonly #ask: (id: string | undefined) => Promise<Response>;
  readonly #queueBytes: number;
  readonly #quietMilliseconds: number;
  #socket: WebSocket | undefined;
  #joinedAt = 0;
  /** When something came through the WebSocket last. */
  #cameAt = 0;
  /** Since when the WebSocket was asked whether it is alive and has not answered. */
  #askedAt: number | undefined;
  /** Whether this WebSocket has ever answered. */
  #hasAnswered = false;
  /** Whether one is to answer: the object may be one that has other answers, or has become one. */
  #answers = false;
  /** Whole blocks that came and were not taken yet. */
  #queue: Uint8Array[] = [];
  #bytes = 0;
  /** How many these may be: any number while what was missed comes, which counts on top until it is taken. */
  #room = Infinity;
  #since: number | undefined;
  /** The newest id that came; the client's before. */
  #lastEventId: string | undefined;
  /** The newest id, if it did not come with an event: the client is told it by the next heartbeat, or by the farewell. */
  #position: string | undefined;
  /** Why the object has ended the stream. */
  #last: CloseReason | undefined;
  #over = false;
  /** How often it was tried to join again since something new came. */
  #tried = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Is called when the source has ended. */
  onEnd: (() => void) | undefined;

  constructor(
    body: Body,
    connection: Connection,
    { ask, queueBytes, quietMilliseconds, lastEventId }: SocketSourceOptions,
  ) {
    this.#body = body;
    this.#connection = connection;
    this.#ask = ask;
    this.#queueBytes = queueBytes;
    this.#quietMilliseconds = quietMilliseconds;
    this.#lastEventId = lastEventId;
  }

  listen(socket: WebSocket): void {
    if (this.#over) {
      // The client has left meanwhile.
      socket.accept();
      return leave(socket, 1000);
    }
    this.#socket = socket;
    this.#joinedAt = performance.now();
    this.#room = Infinity;
    // Else it may be a Blob, which has to be waited for.
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#cameAt = performance.now();
      this.#askedAt = undefined;
      if (data === ALIVE) this.#answers = this.#hasAnswered = true;
      else if (data instanceof ArrayBuffer) this.#came(new Uint8Array(data));
      else if (data) this.#lastEventId = this.#position = data;
      else this.#room = this.#bytes + this.#queueBytes;
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket !== this.#socket) return;
      if (code === STREAM_ENDED) this.#finish(reason as CloseReason);
      else this.#lost();
    });
    socket.addEventListener('error', () => socket === this.#socket && this.#lost());
    this.#hasAnswered = false;
    this.#askedAt = undefined;
    if (this.#quietMilliseconds < Infinity) this.#askAlive(socket);
  }

  /** A WebSocket may be lost without a word. */
  beat(): void {
    const socket = this.#socket;
    if (!socket || !this.#answers) return;
    const now = performance.now();
    if (this.#askedAt === undefined) {
      if (now - this.#cameAt >= this.#quietMilliseconds) this.#askAlive(socket);
    } else if (now - this.#askedAt >= ANSWER_MILLISECONDS) {
      this.#answers = this.#hasAnswered;
      this.#lost();
      leave(socket, 1000);
    }
  }

  #askAlive(socket: WebSocket): void {
    this.#askedAt = performance.now();
    try {
      socket.send(ALIVE);
    } catch {
      // It is lost: there will be no answer.
    }
  }

  take(): Uint8Array | typeof WAIT | typeof ENDED {
    if (this.#over) return ENDED;
    const [first, ...others] = this.#queue;
    if (first === undefined) {
      if (this.#last === undefined) return WAIT;
      this.end(this.#last);
      return ENDED;
    }
    // In one chunk: the runtime notices a client that has left only if nothing else is ready at once.
    let chunk = first;
    if (others.length > 0) {
      chunk = new Uint8Array(this.#bytes);
      let at = 0;
      for (const bytes of this.#queue) {
        chunk.set(bytes, at);
        at += bytes.length;
      }
    }
    this.#queue = [];
    this.#bytes = 0;
    if (this.#room !== Infinity) this.#room = this.#queueBytes;
    this.#since = undefined;
    return chunk;
  }

  wait(): void {}

  idle(): void {}

  delivered(): void {}

  waitingSince(): number | undefined {
    return this.#since;
  }

  note(retryMilliseconds?: number): Uint8Array {
    return note(retryMilliseconds, this.#position);
  }

  hasMore(): boolean {
    return this.#queue.length > 0;
  }

  get isAsked(): boolean {
    return false;
  }

  end(reason: CloseReason): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#again);
    this.onEnd?.();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) leave(socket, 1000);
    this.#connection.ended(reason);
    this.#body.ended();
  }

  #came(bytes: Uint8Array): void {
    const id = lastIdIn(bytes) ?? this.#lastEventId;
    // What a stream begins with has the id that was asked for: nothing new.
    if (id !== this.#lastEventId) this.#tried = 0;
    this.#lastEventId = id;
    this.#position = undefined;
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    this.#since ??= performance.now();
    this.#body.woken();
    // One message that is heavier than the bound is let through when nothing else waits.
    if (this.#bytes > this.#room && this.#queue.length > 1) this.end('full');
  }

  /** The stream ends behind what came. */
  #finish(reason: CloseReason): void {
    this.#last = reason;
    this.#socket = undefined;
    this.#body.woken();
  }

  #lost(): void {
    if (this.#socket && performance.now() - this.#joinedAt > LASTING_MILLISECONDS) this.#tried = 0;
    this.#socket = undefined;
    if (this.#tried === TRIES) return this.#finish('failed');
    this.#again = setTimeout(() => void this.#join(), againMilliseconds(this.#tried++));
  }

  async #join(): Promise<void> {
    try {
      const { webSocket, status, body } = await this.#ask(this.#lastEventId);
      if (webSocket) return this.listen(webSocket);
      void body?.cancel();
      if (this.#over) return;
      // The client is told the same when it comes back.
      if (status < 500) return this.#finish('removed');
    } catch {
      // The object is being started anew, or its runtime.
    }
    if (!this.#over) this.#lost();
  }
}

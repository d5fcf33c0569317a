// Sockets: the object's side of `relay`. Clients whose responses are in a Worker, each at the other
// end of a WebSocket that may hibernate.
//
// The bytes of a response go to its socket. The socket's attachment outlives the object: it holds
// the client's request and the event id up to which everything was sent.

import type { ChannelCore } from '../../channel/core.js';
import { MessageQueueListener } from '../../channel/listener.js';
import { precedingBroadcast } from '../../model/event-id.js';
import { RESPOND } from '../../response/answer.js';
import type { Body } from '../../response/body.js';
import { toResponse } from '../../response/fetch-sink.js';
import type { ResponseOptions } from '../../response/options.js';
import type { SSEChannel } from '../../sse/sse-channel.js';
import { noteText } from '../../wasm/event-text.js';
import { ALIVE, closeQuietly, REPLAYED, STREAM_ENDED } from '../socket-protocol.js';

interface Attachment {
  url: string;
  headers: [string, string][];
  /** The event id up to which everything was sent to the client. */
  id: string | undefined;
}

/**
 * As large as any id in an attachment: a channel's own ids have at most 64 characters, and others
 * are cut.
 */
const LONGEST_ID = '\u0100'.repeat(64);

const HANDSHAKE = /^(connection|upgrade|sec-websocket-.*)$/;

const OPEN = 1;

/** The relay decides these for its client. */
const FOREVER = { heartbeatSeconds: 0, stallSeconds: 0, maxDurationSeconds: 0, methods: undefined, cors: undefined };

export class Sockets {
  readonly #state: DurableObjectState;
  readonly #channel: SSEChannel;
  readonly #core: ChannelCore;
  readonly #optionsFor: (request: Request) => ResponseOptions;
  readonly #joined = new Map<WebSocket, { id: string; body: Body; positionEvents: boolean }>();

  constructor(
    state: DurableObjectState,
    channel: SSEChannel,
    core: ChannelCore,
    optionsFor: (request: Request) => ResponseOptions,
  ) {
    this.#state = state;
    this.#channel = channel;
    this.#core = core;
    this.#optionsFor = optionsFor;
    // A subclass may have set one for its own clients.
    if (!state.getWebSocketAutoResponse())
      state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ALIVE, ALIVE));
  }

  /** Continues for the clients of a former life of the object. */
  restore(): void {
    for (const socket of this.#state.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as Attachment | null;
      if (socket.readyState !== OPEN || attachment === null) continue;
      try {
        this.#open(socket, attachment, this.#optionsFor(new Request(attachment.url, { headers: attachment.headers })));
      } catch {
        // Another client has its listener: this one reconnects, and is refused.
      }
      // The channel is closed, or the listener was taken.
      if (!this.#joined.has(socket)) socket.close(STREAM_ENDED, 'removed');
    }
  }

  /** Adds a client that has everything up to an id. @throws as `respond` does. */
  join(request: Request, options: ResponseOptions, lastEventId: string | undefined): Response {
    const { 0: client, 1: socket } = new WebSocketPair();
    const attachment: Attachment = {
      url: request.url,
      headers: [...request.headers].filter(([name]) => !HANDSHAKE.test(name)),
      id: LONGEST_ID,
    };
    try {
      // The runtime limits the size of an attachment, and throws above the limit.
      socket.serializeAttachment(attachment);
    } catch {
      return new Response(
        "the URL and the relay's objectHeaders are too large: with an event id they have 16,384 bytes",
        { status: 431 },
      );
    }
    attachment.id = lastEventId?.slice(0, LONGEST_ID.length);
    return this.#open(socket, attachment, options, client);
  }

  /**
   * Sends the relays the ids that their clients have reached: filters may have held back every
   * message.
   */
  tell(): void {
    for (const [socket, { id, positionEvents }] of this.#joined) {
      const position = this.#core.subscriptions.get(id)?.lastId;
      if (position && socket.readyState === OPEN) socket.send(noteText(undefined, position, positionEvents));
    }
  }

  /** A socket was closed from the other side. */
  left(socket: WebSocket): void {
    void this.#joined.get(socket)?.body.cancel('cancelled');
  }

  /** @param client The other end of a new socket. */
  #open(socket: WebSocket, attachment: Attachment, given: ResponseOptions, client?: WebSocket): Response {
    const channel = this.#channel;
    const listener = given.listener ?? new MessageQueueListener();
    const id = typeof listener === 'string' ? listener : listener.id;
    // A client that names the listener of another socket replaces it. Such calls are rare, so that
    // a search through the sockets is cheap enough.
    const former = this.#core.subscriptions.get(id);
    if (former && !former.resumable && [...this.#joined.values()].some((other) => other.id === id))
      channel.removeListener(id);
    // Nothing was sent since: the client has everything that the stream begins with.
    const isAware = !client && attachment.id && precedingBroadcast(attachment.id) === channel.lastEventId;
    let begun = false;
    let over = false;
    const options: ResponseOptions = {
      ...given,
      ...FOREVER,
      listener,
      lastEventId: attachment.id,
      onClose(report) {
        over = true;
        closeQuietly(socket, STREAM_ENDED, report.reason);
        given.onClose?.(report);
      },
    };
    return channel[RESPOND](undefined, options, (status, headers, open) => {
      if (typeof open !== 'function') return toResponse(status, headers, open);
      // After everything that may refuse the client: the runtime keeps a socket that was accepted.
      if (client) this.#state.acceptWebSocket(socket);
      const body = open({
        enqueue: (bytes) => (begun || !isAware) && socket.send(bytes as Uint8Array<ArrayBuffer>),
        close: () => {},
        error: () => {},
        // Also when no bytes came: a filter may have held back every message.
        drained: () => {
          if (over) return;
          const newest = this.#core.subscriptions.get(id)?.lastId;
          try {
            if (!begun && client) socket.send(REPLAYED);
            if (begun && (newest ?? attachment.id) === attachment.id) return;
            begun = true;
            attachment.id = newest ?? attachment.id;
            socket.serializeAttachment(attachment);
          } catch {
            void body.cancel('failed');
          }
        },
      });
      const pump = (): void => {
        while (!over) if (!body.pull(pump)) return;
        this.#joined.delete(socket);
      };
      this.#joined.set(socket, { id, body, positionEvents: given.positionEvents ?? true });
      pump();
      return client ? new Response(null, { status: 101, webSocket: client }) : toResponse(200, headers, null);
    });
  }
}

// A multiplexer on a server of Node, and what a client reads of it.

import { once } from 'node:events';
import http from 'node:http';
import { ChannelContainer } from 'eric-sse';
import { EventStreamDecoder } from 'eric-sse/client';
import { Multiplexer } from 'eric-sse/multiplex';
import { toNode } from 'eric-sse/node';

/**
 * Serves channels that have these names.
 * @param {import('node:test').TestContext} context
 * @param {string[]} names
 * @param {import('eric-sse/multiplex').MultiplexOptions} [options]
 */
export async function serving(context, names, options) {
  const container = new ChannelContainer();
  for (const id of names) container.add({ id, retryTimeoutMilliseconds: 50 });
  const multiplexer = new Multiplexer(container, { authorize: () => true, ...options });
  const server = http.createServer(toNode(multiplexer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => (server.closeAllConnections(), server.close()));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { container, multiplexer, server, url, send: sender(container) };
}

/** Returns a function that broadcasts to a channel by name. */
export const sender = (container) => (name, payload) => container.get(name).broadcast({ type: 'n', payload });

/** The address of channels. @param {string} url @param {string[]} names */
export const at = (url, names) => `${url}?${new URLSearchParams(names.map((name) => ['channel', name]))}`;

/** Reads the events of a response. */
export class Events {
  #decoder = new EventStreamDecoder({ onComment: () => this.comments++ });
  #events = [];
  comments = 0;

  /** @param {Response} response */
  constructor(response) {
    this.reader = response.body.getReader();
  }

  get lastEventId() {
    return this.#decoder.lastEventId;
  }

  get retryMilliseconds() {
    return this.#decoder.reconnectionTime;
  }

  /** Returns the next event; `undefined` at the end. */
  async next() {
    while (this.#events.length === 0) {
      const { done, value } = await this.reader.read();
      if (done) return undefined;
      this.#events.push(...this.#decoder.push(value));
    }
    return this.#events.shift();
  }

  /** Returns `[channel, type, data]` of the next events that are no positions. @param {number} count */
  async take(count) {
    const taken = [];
    while (taken.length < count) {
      const event = await this.next();
      if (event === undefined) return taken;
      const { type, data, lastEventId } = event;
      const name = decodeURIComponent(lastEventId.split('@', 1)[0]);
      if (type !== '_eric_position') taken.push([name, type, data]);
    }
    return taken;
  }
}

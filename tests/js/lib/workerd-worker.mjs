// The Worker under test: the suite in a request and in a Durable Object, and a room where requests
// meet.

import { DurableObject } from 'cloudflare:workers';
import * as eric from 'eric-sse';
import { runSuite } from './run.mjs';

/** Answers with one line of JSON for every test, as it ends. */
function suiteAnswers() {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  const lines = new TextEncoder();
  const running = runSuite(eric, (answer) => writer.write(lines.encode(`${JSON.stringify(answer)}\n`)))
    .then(() => writer.close())
    .catch((error) => writer.abort(error));
  return { response: new Response(readable), running };
}

/**
 * One channel for all requests to the object: what a stream that outlives its request's neighbours
 * needs.
 */
export class Room extends DurableObject {
  #channel = new eric.SSEChannel({ retryTimeoutMilliseconds: 500 });
  /** The reports of `onClose`, and how long after the last message they came. */
  #closed = [];
  #sentAt = 0;

  async fetch(request) {
    const channel = this.#channel;
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case '/room/suite':
        return suiteAnswers().response;
      case '/room/subscribe': {
        const id = searchParams.get('listener');
        const listener = new eric.MessageQueueListener(id ? { id } : {});
        return channel.response(request, { listener, headers: { 'X-Listener': listener.id } });
      }
      // A response with options, for clients that read nothing or leave silently.
      case '/room/respond': {
        const onClose = ({ reason, stats }) =>
          void this.#closed.push({ reason, stats, milliseconds: Date.now() - this.#sentAt });
        return channel.response(request, { ...JSON.parse(searchParams.get('options')), onClose });
      }
      case '/room/stats':
        return Response.json({ ...channel.stats(), closed: this.#closed });
      // Sends a number of messages of a number of bytes.
      case '/room/flood': {
        const [count, bytes] = ['count', 'bytes'].map((name) => Number(searchParams.get(name)));
        for (let sent = 0; sent < count; sent++) channel.broadcast({ type: 'n', payload: 'x'.repeat(bytes) });
        this.#sentAt = Date.now();
        return Response.json(channel.stats());
      }
      case '/room/publish': {
        const { to, ...message } = await request.json();
        if (to) channel.dispatch(to, message);
        else channel.broadcast(message);
        return Response.json(channel.listenerCount);
      }
      case '/room/close':
        channel.close();
        this.#channel = new eric.SSEChannel();
        return Response.json(channel.listenerCount);
    }
    return Response.json(channel.listenerCount);
  }
}

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/suite') {
      const { response, running } = suiteAnswers();
      context.waitUntil(running);
      return response;
    }
    if (pathname === '/plain') return plain(request);
    const id = env.ROOM.idFromName(searchParams.get('room') ?? 'suite');
    return env.ROOM.get(id).fetch(request);
  },
};

/** A plain Worker's channel serves the request that made it: a producer and its one response. */
function plain(request) {
  const channel = new eric.SSEChannel();
  const response = channel.response(request);
  const produce = async () => {
    for (let tick = 1; tick <= 3; tick++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      channel.broadcast({ type: 'tick', payload: { tick } });
    }
    channel.close();
  };
  void produce();
  return response;
}

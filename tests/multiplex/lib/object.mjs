// A Worker whose object has several channels, and answers with all that a request names.

import { DurableObject } from 'cloudflare:workers';
import { ChannelContainer } from 'eric-sse';
import { Multiplexer } from 'eric-sse/multiplex';

export class Rooms extends DurableObject {
  rooms = new ChannelContainer();
  multiplexer = new Multiplexer(this.rooms, {
    // An object learns by a heartbeat that a client has left.
    heartbeatSeconds: 0.2,
    authorize: async (request, name) => name !== request.headers.get('X-Not'),
  });

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const name = searchParams.get('name');
    if (pathname === '/add') this.rooms.add({ id: name });
    else if (pathname === '/rm') this.rooms.rm(name);
    else if (pathname === '/send') this.rooms.get(name).broadcast({ type: 'n', payload: searchParams.get('payload') });
    else if (pathname === '/listeners') return Response.json(this.rooms.get(name).listenerCount);
    else return this.multiplexer.response(request);
    return new Response('done');
  }
}

export default {
  fetch: (request, { ROOMS }) => ROOMS.get(ROOMS.idFromName('all')).fetch(request),
};

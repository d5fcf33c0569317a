// The page on Cloudflare's runtime: the same handler, in a Durable Object. There a stream belongs
// to the request that opened it, except in a Durable Object, whose requests share one channel.

import * as eric from 'eric-sse';
import { createHandler, PATHS } from './handler.mjs';
import { gathered } from './shared/gathered.mjs';

export class PageRoom {
  #handle = createHandler(eric, { runtime: 'workerd' });

  /** @param {Request} request */
  async fetch(request) {
    const response = await this.#handle(request);
    return response.body ? new Response(gathered(response.body), response) : response;
  }
}

export default {
  /** @param {Request} request @param {any} env */
  fetch(request, env) {
    if (!PATHS.has(new URL(request.url).pathname)) return env.FILES.fetch(request);
    return env.ROOM.get(env.ROOM.idFromName('page')).fetch(request);
  },
};

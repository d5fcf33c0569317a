// The Worker under test: objects of several settings, subscribed to directly, through relays and as trees, and asked over HTTP.

import { ChannelObject, ChannelTree, relay } from 'eric-sse/cloudflare';

/** How often each object was constructed: the module outlives its objects. @type {Map<string, number>} */
const constructed = new Map();

export class Channel extends ChannelObject {
  constructor(ctx, env) {
    super(ctx, env);
    const id = ctx.id.toString();
    constructed.set(id, (constructed.get(id) ?? 0) + 1);
  }

  channelOptions() {
    return { retryTimeoutMilliseconds: 500, history: { messages: 5000, bytes: 2 ** 24 } };
  }

  /** What the test wants, which the Worker has put into a header. */
  responseOptions(request) {
    return JSON.parse(request.headers.get('x-options') ?? '{}');
  }

  #failures = 0;

  /** Has the next deliveries from a root fail, as if this leaf could not be reached. */
  fail(count) {
    this.#failures = count;
  }

  async deliver(batch) {
    if (this.#failures-- > 0) throw new Error('a leaf that cannot be reached');
    return super.deliver(batch);
  }

  lives() {
    return constructed.get(this.ctx.id.toString());
  }

  /** Ends the object as an eviction does that comes without a warning. */
  abort() {
    this.ctx.abort('evicted by a test');
  }

  rows() {
    return [...this.ctx.storage.sql.exec('SELECT sequence, type, data FROM eric_message ORDER BY sequence')];
  }

  async stored() {
    return { rows: this.rows(), alarm: await this.ctx.storage.getAlarm() };
  }
}

/** One that keeps little, and not for long. */
export class Brief extends Channel {
  channelOptions() {
    return { retryTimeoutMilliseconds: 500, history: { messages: 5, bytes: 2000, seconds: 1 } };
  }
}

/** As the README has it: without options. */
export class Plain extends ChannelObject {}

const answer = async (promise) => {
  try {
    return Response.json({ value: (await promise) ?? null });
  } catch (error) {
    return Response.json({ error: { name: error.name, message: error.message } });
  }
};

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const { searchParams } = url;
    const [, kind, what] = url.pathname.split('/');
    const name = searchParams.get('channel');
    const objectHeaders = { 'x-options': searchParams.get('options') ?? '{}' };
    if (kind === 'tree') {
      const tree = new ChannelTree(env.CHANNEL, name, { leaves: Number(searchParams.get('leaves') ?? 4) });
      const who = searchParams.get('who') ?? undefined;
      if (what === 'subscribe') return tree.fetch(request, { name: who });
      if (what === 'relay') return tree.relay(request, { name: who, objectHeaders });
      const { method, args } = await request.json();
      return answer(tree[method](...args));
    }
    const stub = env[kind.toUpperCase()].getByName(name);
    switch (what) {
      case 'subscribe':
        return stub.fetch(new Request(request, { headers: [...request.headers, ...Object.entries(objectHeaders)] }));
      case 'relay':
        return relay(request, searchParams.has('once') ? stub : () => env[kind.toUpperCase()].getByName(name), { objectHeaders, ...JSON.parse(searchParams.get('relay') ?? '{}') });
      case 'rpc': {
        const { method, args } = await request.json();
        return answer(stub[method](...args));
      }
      // So many messages, numbered from 1 on, one after another or at once.
      case 'flood': {
        const [from, to] = ['from', 'to'].map((key) => Number(searchParams.get(key)));
        const ids = [];
        for (let number = from; number <= to; number++) ids.push(stub.broadcast({ type: 'n', payload: number }));
        return answer(Promise.all(ids).then((all) => all.at(-1)));
      }
    }
    return new Response(null, { status: 404 });
  },
};

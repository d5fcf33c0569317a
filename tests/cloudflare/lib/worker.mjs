// The Worker under test: objects of several settings, subscribed to directly, through relays and as
// trees, and asked over HTTP.

import { SSEChannel } from 'eric-sse';
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

  /** The request of the test, which the Worker has put into a header. */
  responseOptions(request) {
    return JSON.parse(request.headers.get('x-options') ?? '{}');
  }

  #failures = 0;
  #holdMilliseconds = 0;
  #deliveries = 0;

  /** Has the next deliveries from a root fail, as if this leaf could not be reached. */
  fail(count) {
    this.#failures = count;
  }

  /** Has the answers to deliveries come later that say that nobody is here. */
  hold(milliseconds) {
    this.#holdMilliseconds = milliseconds;
  }

  deliveries() {
    return this.#deliveries;
  }

  #breaks = false;

  /** Has this life end when it is asked to follow a root. */
  breakOnce() {
    this.#breaks = true;
  }

  async follow(root) {
    if (this.#breaks) this.abort();
    return super.follow(root);
  }

  async deliver(batch) {
    this.#deliveries++;
    if (this.#failures-- > 0) throw new Error('a leaf that cannot be reached');
    const answer = await super.deliver(batch);
    if (answer === undefined) await new Promise((resolve) => setTimeout(resolve, this.#holdMilliseconds));
    return answer;
  }

  sockets() {
    return this.ctx.getWebSockets().length;
  }

  /** Loses the newest messages, as an object does that is set back to a former state, and ends. */
  lose(count) {
    this.ctx.storage.sql.exec(
      'DELETE FROM eric_message WHERE sequence > (SELECT MAX(sequence) FROM eric_message) - ?',
      count,
    );
    this.ctx.storage.sync().then(() => this.ctx.abort('set back by a test'));
  }

  lives() {
    return constructed.get(this.ctx.id.toString());
  }

  /** Ends the object as an eviction does that comes without a warning. */
  abort() {
    this.ctx.abort('evicted by a test');
  }

  /** Ends the object in a turn that has woken a stream, which that turn never comes to. */
  abortBehindSend() {
    const channel = new SSEChannel();
    void channel.watch().next();
    channel.broadcast({ type: 'n' });
    this.ctx.abort('evicted by a test');
  }

  /** Ends the object while a stream looks at what has woken it. */
  async abortInFilter() {
    const channel = new SSEChannel();
    void channel.watch({ filter: () => this.ctx.abort('evicted by a test') }).next();
    channel.broadcast({ type: 'n' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }

  rows() {
    return [...this.ctx.storage.sql.exec('SELECT sequence, type, data FROM eric_message ORDER BY sequence')];
  }

  async stored() {
    return { rows: this.rows(), alarm: await this.ctx.storage.getAlarm() };
  }
}

/** A channel with a short history, in messages and in time. */
export class Brief extends Channel {
  channelOptions() {
    return { retryTimeoutMilliseconds: 500, history: { messages: 5, bytes: 2000, seconds: 1 } };
  }
}

/** A channel with a long history. */
export class Wide extends Channel {
  channelOptions() {
    return { history: { bytes: 2 ** 27 } };
  }
}

/** A channel whose reads from the storage are slow. */
export class Paced extends Channel {
  channelOptions() {
    return { streamDelaySeconds: 0.01 };
  }
}

/** Returns a native object with one method in place of its own. */
const instead = (native, name, value) =>
  new Proxy(native, {
    get(target, key) {
      if (key === name) return value;
      const own = target[key];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });

/** One whose storage takes its time: what is written there is durable half a second later. */
export class Slow extends Channel {
  constructor(ctx, env) {
    super(ctx, env);
    const sync = () => new Promise((resolve) => setTimeout(resolve, 500)).then(() => ctx.storage.sync());
    Object.defineProperty(this, 'ctx', { value: instead(ctx, 'storage', instead(ctx.storage, 'sync', sync)) });
  }
}

/** A channel that answers some WebSockets by itself. */
export class Answering extends Channel {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  answers() {
    return this.ctx.getWebSocketAutoResponse().request;
  }
}

/** As the README has it: without options. */
export class Plain extends ChannelObject {}

/** How often what stands for the object of a name was asked for a WebSocket. @type {Map<string, number>} */
const asked = new Map();

function count(name) {
  asked.set(name, (asked.get(name) ?? 0) + 1);
  return asked.get(name);
}

/** Answers with a WebSocket through which a stream begins with a text. */
function begin(text) {
  const { 0: client, 1: socket } = new WebSocketPair();
  socket.accept();
  socket.send(new TextEncoder().encode(text));
  return { socket, response: new Response(null, { status: 101, webSocket: client }) };
}

const PRELUDE = 'retry: 500\nevent: _eric_position\nid: a-0\ndata:\n\n';
const event = (number) => `event: n\nid: a-${number}\ndata: ${number}\n\n`;

/**
 * This stub closes each WebSocket right after the start of its stream. After fifty it answers that
 * there is no channel.
 */
const ending = (name) => ({
  async fetch() {
    if (count(name) === 50) return new Response(null, { status: 204 });
    const { socket, response } = begin(PRELUDE);
    socket.close(1011);
    return response;
  },
});

/**
 * This stub loses connections silently: its first WebSocket answers some pings, then delivers
 * nothing more. Another one has an event.
 */
const lostAfter = (name, answers) => ({
  async fetch() {
    const number = count(name);
    const { socket, response } = begin(number === 1 ? PRELUDE : event(number));
    let left = answers;
    socket.addEventListener('message', ({ data }) => left-- > 0 && socket.send(data));
    return response;
  },
});

/**
 * This stub closes the first WebSocket at once, and needs longer for the next one than the response
 * lasts. Each has an event.
 */
const slowly = (name) => ({
  async fetch() {
    const number = count(name);
    if (number > 1) await new Promise((resolve) => setTimeout(resolve, 1500));
    const { socket, response } = begin(event(number));
    if (number === 1) socket.close(1011);
    return response;
  },
});

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
      const tree = new ChannelTree(env[searchParams.get('of') ?? 'CHANNEL'], name, {
        leaves: Number(searchParams.get('leaves') ?? 4),
      });
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
      case 'relay': {
        const stubs = searchParams.has('broken') ? [stub] : [];
        if (stubs.length > 0) await stub.abort().catch(() => {});
        const target = searchParams.has('once') ? stub : () => stubs.pop() ?? env[kind.toUpperCase()].getByName(name);
        return relay(request, target, { objectHeaders, ...JSON.parse(searchParams.get('relay') ?? '{}') });
      }
      case 'futile':
        return relay(request, () => ending(name));
      case 'lost':
        return relay(request, () => lostAfter(name, Number(searchParams.get('answers'))), {
          heartbeatSeconds: 1,
          quietSeconds: 2,
        });
      case 'ghost':
        return relay(request, () => slowly(name), { maxDurationSeconds: 1 });
      case 'asked':
        return answer(asked.get(name));
      case 'rpc': {
        const { method, args } = await request.json();
        return answer(stub[method](...args));
      }
      // Sends a number of messages, numbered from 1 on, one after another or at once.
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

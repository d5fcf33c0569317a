// Channels over HTTP, in Durable Objects that hibernate between messages.
//
//   PUT    /channels/:name                         creates a channel
//   GET    /channels/:name/events?listener=:id     subscribes; EventSource sends the last event ID
//   POST   /channels/:name/messages                { type, payload?, except? } to every listener
//   POST   /channels/:name/listeners/:id/messages  { type, payload? } to one
//   GET    /channels/:name                         the channel's counters
//   DELETE /channels/:name                         closes it; for some time it cannot be created
//
// With the secret TOKEN set, a request has to bear it: `Authorization: Bearer …`, or `?token=…`
// where no header can be sent, as by an EventSource. See `authorize`.

import { ChannelObject, relay } from 'eric-sse/cloudflare';

interface Env {
  CHANNELS: DurableObjectNamespace<Channel>;
  TOKEN?: string;
}

/** The most bytes that are read of a request's body. */
interface Body {
  type: string;
  payload?: unknown;
  except?: string[];
}

export class Channel extends ChannelObject {
  protected override channelOptions() {
    return { retryTimeoutMilliseconds: 2000, history: { messages: 1000, seconds: 600 } };
  }

  /** The Worker alone sets this header, which names the client. */
  protected override responseOptions(request: Request) {
    const listener = request.headers.get('x-listener');
    return listener === null ? {} : { listener: decodeURIComponent(listener), resumeSeconds: 60 };
  }

  /** Returns whether it is new, and whether it can be used: a closed channel cannot. */
  async create(): Promise<{ isNew: boolean; isOpen: boolean }> {
    const isNew = !this.exists();
    if (isNew) this.ctx.storage.sql.exec('CREATE TABLE created (one)');
    return { isNew, isOpen: !(await this.stats()).closed };
  }

  /**
   * Writes nothing: an object without storage leaves nothing behind, whatever name was asked for.
   */
  exists(): boolean {
    return [...this.ctx.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'created'")].length > 0;
  }
}

/**
 * The one place that decides who may do what. Returns what to answer in place of what was asked
 * for, or nothing.
 */
async function authorize(request: Request, env: Env): Promise<Response | undefined> {
  if (env.TOKEN === undefined) return undefined;
  // A secret that was set to nothing by mistake opens nothing.
  if (env.TOKEN === '') return refusal(500, 'the secret TOKEN is empty');
  const given =
    /^Bearer (.+)$/i.exec(request.headers.get('Authorization') ?? '')?.[1] ??
    new URL(request.url).searchParams.get('token') ??
    '';
  // Digests are equally long, whatever was given; comparing them takes equally long, too.
  const [one, other] = await Promise.all(
    [given, env.TOKEN].map((text) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
  );
  if (crypto.subtle.timingSafeEqual(one!, other!)) return undefined;
  return refusal(401, 'the request does not bear the token', { 'WWW-Authenticate': 'Bearer' });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const refused = await authorize(request, env);
    if (refused) return refused;
    const path = new URLPattern({ pathname: '/channels/:name{/:what}?{/:id/messages}?' }).exec(request.url)?.pathname
      .groups;
    if (!path?.name) return refusal(404, 'there is nothing here');
    const { name, what, id } = path;
    const channel = env.CHANNELS.getByName(name);
    const asked = `${request.method} ${[what, id && ':id'].filter(Boolean).join('/')}`.trim();
    if (asked === 'PUT') {
      const { isNew, isOpen } = await channel.create();
      if (!isOpen)
        return refusal(
          410,
          `the channel ${JSON.stringify(name)} was closed; its name is free again in at most 10 minutes`,
        );
      return Response.json({ name }, { status: isNew ? 201 : 200 });
    }
    if (!(await channel.exists())) return refusal(404, `there is no channel ${JSON.stringify(name)}`);
    try {
      switch (asked) {
        case 'GET events':
        case 'HEAD events': {
          const listener = new URL(request.url).searchParams.get('listener');
          if (listener === '') throw new RangeError('listener must not be empty');
          const objectHeaders = listener === null ? undefined : { 'x-listener': encodeURIComponent(listener) };
          return await relay(request, () => env.CHANNELS.getByName(name), { objectHeaders });
        }
        case 'POST messages': {
          const { except, ...message } = await bodyOf(request);
          return Response.json({ id: await channel.broadcast(message, { except }) });
        }
        case 'POST listeners/:id':
          await channel.dispatch(decodeURIComponent(id!), await bodyOf(request));
          return new Response(null, { status: 202 });
        case 'GET':
          return Response.json(await channel.stats());
        case 'DELETE':
          await channel.close();
          return new Response(null, { status: 204 });
      }
    } catch (error) {
      const { name: kind, message } = error as Error;
      // The message does not fit into a row of the storage.
      if (/SQLITE_TOOBIG/.test(message)) return refusal(413, 'the message is too big');
      // Of an error's class only the name comes through, before the message, unless it is one of
      // JavaScript's own.
      const [, named = kind] = /^(\w+): /.exec(message) ?? [];
      return refusal(STATUSES[named] ?? STATUSES[kind] ?? 500, message);
    }
    return refusal(405, `${request.method} is not for ${new URL(request.url).pathname}`);
  },
};

const STATUSES: Record<string, number> = {
  InvalidMessageFormat: 400,
  InvalidListenerException: 404,
  InvalidChannelException: 410,
  // An invalid body, id or path.
  RangeError: 400,
  SyntaxError: 400,
  TypeError: 400,
  URIError: 400,
};

async function bodyOf(request: Request): Promise<Body> {
  const body: unknown = await request.json();
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TypeError('the body must be a JSON object { type, payload }');
  return body as Body;
}

function refusal(status: number, error: string, headers = {}): Response {
  return Response.json({ error }, { status, headers });
}

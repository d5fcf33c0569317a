// eric-sse/cloudflare, with the types of Cloudflare's runtime.

import type { ChannelStats, ResponseOptions, SSEChannelOptions, SSEChannel as Whole } from 'eric-sse';
import {
  ChannelObject,
  ChannelTree,
  type ObjectListenerOptions,
  type RelayOptions,
  relay,
  type SSEChannel,
  type TreeStats,
} from 'eric-sse/cloudflare';
import { holds, type Same, some } from '../support.js';

interface Ticks {
  tick: number;
  stop: undefined;
}

interface Env {
  TICKS: DurableObjectNamespace<Room>;
  ANY: DurableObjectNamespace<ChannelObject>;
}

// claim: a subclass says how its channel and its subscriptions are
export class Room extends ChannelObject<Ticks, Env> {
  protected override channelOptions(): SSEChannelOptions {
    return { history: { messages: 10, seconds: 60 } };
  }
  protected override responseOptions(request: Request): ResponseOptions<Ticks> {
    return {
      listener: request.headers.get('x-user') ?? 'nobody',
      resumeSeconds: 60,
      filter: ({ type }) => type !== 'stop',
    };
  }
  override async alarm(): Promise<void> {
    await super.alarm();
  }
  roomOf(): string {
    return this.ctx.id.toString() + Object.keys(this.env).length;
  }
}

// claim: a stub's methods take typed messages, and resolve to what the object's do
async function called({ TICKS, ANY }: Env): Promise<void> {
  const room = TICKS.getByName('room');
  (await room.broadcast({ type: 'tick', payload: 1 }, { except: ['a'] })) satisfies string;
  (await room.broadcast({ type: 'stop' })) satisfies string;
  (await room.dispatch('a', { type: 'tick', payload: 1 })) satisfies void;
  (await room.addListener({ id: 'a', resumeSeconds: 5, queue: { messages: 5 } } satisfies ObjectListenerOptions))
    .lastEventId satisfies string;
  (await room.removeListener('a')) satisfies void;
  (await room.stats()).history.messages satisfies ChannelStats['broadcasts'];
  (await room.drain({ seconds: 1 })) satisfies void;
  (await room.close()) satisfies void;
  (await room.roomOf()) satisfies string;
  (await ANY.getByName('any').broadcast({ type: 'anything', payload: { at: ['all'] } })) satisfies string;
}

// claim: a relay takes a stub, or what makes one
function relayed(request: Request, { TICKS }: Env): Promise<Response>[] {
  const options: RelayOptions = {
    heartbeatSeconds: 10,
    objectHeaders: { 'x-user': 'a' },
    onClose: ({ reason }) => reason satisfies string,
  };
  return [
    relay(request, TICKS.getByName('room')),
    relay(request, () => TICKS.getByName('room'), options),
    relay(request, () => TICKS.getByName('room'), {}),
  ];
}

// claim: a tree is of a binding, and has typed messages
async function spread(request: Request, { TICKS, ANY }: Env): Promise<void> {
  const tree = new ChannelTree<Ticks>(TICKS, 'room', { leaves: 16 });
  (await tree.broadcast({ type: 'tick', payload: 1 })) satisfies string;
  (await tree.dispatch('a', { type: 'stop' })) satisfies void;
  (await tree.fetch(request, { name: 'a' })) satisfies Response;
  (await tree.relay(request, { name: undefined, stallSeconds: 5 })) satisfies Response;
  (await tree.stats()) satisfies TreeStats;
  (await new ChannelTree(ANY, 'any').broadcast({ type: 'anything' })) satisfies string;
}

// claim: the classes are those of the default entry
some<SSEChannel<Ticks>>() satisfies Whole<Ticks>;
holds<Same<typeof SSEChannel, typeof Whole>>();

export { called, relayed, spread };

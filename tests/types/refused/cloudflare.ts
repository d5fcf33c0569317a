// Arguments that channels in objects refuse.

import { ChannelObject, ChannelTree, relay } from 'eric-sse/cloudflare';

interface Ticks {
  tick: number;
}

declare const TICKS: DurableObjectNamespace<ChannelObject<Ticks>>;
declare const request: Request;

// claim: a stub takes no message of another type or payload
// @ts-expect-error TS2322: another type
TICKS.getByName('room').broadcast({ type: 'tack', payload: 1 });
// @ts-expect-error TS2322: another payload
TICKS.getByName('room').dispatch('a', { type: 'tick', payload: 'one' });

// claim: what the objects of a tree say to each other is not for others
// @ts-expect-error TS2339: internal
TICKS.getByName('room').deliver({});

// claim: a relay needs something to ask
// @ts-expect-error TS2345: no stub
relay(request, 'room');
// @ts-expect-error TS2345: a namespace is no stub
relay(request, TICKS);

// claim: a tree needs a binding, and a number of leaves
// @ts-expect-error TS2345: a stub is no binding
new ChannelTree(TICKS.getByName('room'), 'room');
// @ts-expect-error TS2322: no number
new ChannelTree(TICKS, 'room', { leaves: 'four' });
// @ts-expect-error TS2322: another type
new ChannelTree<Ticks>(TICKS, 'room').broadcast({ type: 'tack', payload: 1 });

// claim: the options of a subclass are those of a channel
export class Room extends ChannelObject {
  // @ts-expect-error TS2416: no number
  protected override channelOptions() {
    return { history: { messages: 'ten' } };
  }
}

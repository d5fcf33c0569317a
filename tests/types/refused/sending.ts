// Arguments that broadcast and dispatch refuse. Each marked line names the code of the error that
// it must be.

import { type EventTypes, Message, SSEChannel } from 'eric-sse';
import { type Events, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: an unknown event type is refused
// @ts-expect-error TS2322: there is no `tock`
channel.broadcast({ type: 'tock', payload: 1 });
// @ts-expect-error TS2345: there is no `tock`
channel.broadcast(new Message('tock', 1));
// @ts-expect-error TS2322: there is no `tock`
channel.dispatch('id', { type: 'tock', payload: 1 });
// @ts-expect-error TS2345: there is no `tock`
channel.dispatch('id', new Message('tock'));

// claim: an event type that is any string is refused
// @ts-expect-error TS2322: it may be any string
channel.broadcast({ type: some<string>(), payload: 1 });

// claim: a wrong payload is refused
// @ts-expect-error TS2322: a tick is a number
channel.broadcast({ type: 'tick', payload: '1' });
// @ts-expect-error TS2345: a tick is a number
channel.broadcast(new Message('tick', '1'));
// @ts-expect-error TS2322: a tick is a number
channel.dispatch('id', { type: 'tick', payload: null });
// @ts-expect-error TS2345: the payload of another type
channel.dispatch('id', new Message('tick', { text: 'a' }));
// @ts-expect-error TS2322: not one of the literals
channel.broadcast({ type: 'level', payload: 'middle' });
// @ts-expect-error TS2345: not one of the literals
channel.broadcast(new Message('level', 'middle'));

// claim: a payload with a wrong property is refused
// @ts-expect-error TS2322: a text is a string
channel.broadcast({ type: 'note', payload: { text: 1 } });
// @ts-expect-error TS2345: the text is missing
channel.broadcast(new Message('note', {}));

// claim: a payload that was forgotten is refused
// @ts-expect-error TS2345: a tick has a payload
channel.broadcast({ type: 'tick' });
// @ts-expect-error TS2345: a tick has a payload
channel.broadcast(new Message('tick'));
// @ts-expect-error TS2322: a tick has a payload
channel.dispatch('id', { type: 'tick', payload: undefined });
const forgotten = new Message('tick');
// @ts-expect-error TS2345: a tick has a payload
channel.broadcast(forgotten);
// @ts-expect-error TS2345: also where there is but one event type
new SSEChannel<{ tick: number }>().broadcast(new Message('tick'));

// claim: a payload for an event without one is refused
// @ts-expect-error TS2322: a ping has no payload
channel.broadcast({ type: 'ping', payload: 1 });
// @ts-expect-error TS2345: a ping has no payload
channel.broadcast(new Message('ping', 1));

// claim: a type and a payload that do not belong together are refused
// @ts-expect-error TS2345: 1 may come with `name`
channel.broadcast({ type: some<'tick' | 'name'>(), payload: 1 });
// @ts-expect-error TS2345: either payload may come with either type
channel.broadcast(some<Message<'tick' | 'name', number | string>>());

// claim: a property too many is refused
// @ts-expect-error TS2353: a message has no id
channel.broadcast({ type: 'tick', payload: 1, id: '1' });

// claim: readonly data is refused where readers may write to it
// @ts-expect-error TS4104: a list is an array that can be written to
channel.broadcast({ type: 'list', payload: some<readonly number[]>() });

// claim: what is no message is refused
// @ts-expect-error TS2345: a type alone
channel.broadcast('tick');
// @ts-expect-error TS2345: type and payload apart
channel.broadcast('tick', 1);
// @ts-expect-error TS2554: nothing at all
channel.broadcast();

// claim: a listener's id is a string
// @ts-expect-error TS2345: the listener itself
channel.dispatch(channel.addListener(), { type: 'ping' });
// @ts-expect-error TS2345: the listener itself
channel.deliverNext(channel.addListener());
// @ts-expect-error TS2554: to nobody
channel.dispatch({ type: 'ping' });

// claim: a function that is generic in the event type cannot mix payloads
export function emit<Type extends EventTypes<Events>>(type: Type): void {
  // @ts-expect-error TS2345: not the payload of every type
  channel.broadcast({ type, payload: 1 });
}

// claim: a message cannot be changed
const message = new Message('tick', 1);
// @ts-expect-error TS2540: read-only
message.payload = 2;
// @ts-expect-error TS2540: read-only
message.type = 'tick';

// claim: a message has a type, which is a string
// @ts-expect-error TS2554: no type
new Message();
// @ts-expect-error TS2345: no string
new Message(1, 2);

// claim: events that are no map from types to payloads are refused
// @ts-expect-error TS2344: a string
new SSEChannel<string>();
// @ts-expect-error TS2344: the names alone
new SSEChannel<'tick' | 'tock'>();
// @ts-expect-error TS2344: a payload
new SSEChannel<number>();

// Bounds, replay, the life of a response, filters and counters: what is refused.

import { AbstractChannel, type Gap, MessageQueueListener, SSEChannel, type SSEEvent } from 'eric-sse';
import { type Events, some } from '../support.js';

const channel = new SSEChannel<Events>();
const item = some<SSEEvent<Events>>();

// claim: bounds of the wrong type are refused
// @ts-expect-error TS2322: a number
new SSEChannel({ history: { messages: '10' } });
// @ts-expect-error TS2559: an object
new SSEChannel({ history: 10 });
// @ts-expect-error TS2322: a number
channel.watch({ queue: { messages: '10' } });
// @ts-expect-error TS2322: an object, or left out
channel.watch({ queue: null });

// claim: bounds that do not exist are refused
// @ts-expect-error TS2353: it is called seconds
new SSEChannel({ history: { maxAge: 10 } });
// @ts-expect-error TS2353: a listener in a queue has no age
channel.watch({ queue: { seconds: 10 } });
// @ts-expect-error TS2353: a channel has no queue
new SSEChannel({ queue: { messages: 10 } });
// @ts-expect-error TS2322: there is no `drop-newest`
channel.watch({ queue: { overflow: 'drop-newest' } });
// @ts-expect-error TS2322: not any string
channel.watch({ queue: { overflow: some<string>() } });

// claim: a last event ID that is no string is refused
// @ts-expect-error TS2322: a number
channel.watch({ lastEventId: 5 });
// @ts-expect-error TS2322: what a header that is not there gives
channel.response(null, { lastEventId: some<Request>().headers.get('Last-Event-ID') });

// claim: options of a response are not those of a watch
// @ts-expect-error TS2353: for a client
channel.watch({ heartbeatSeconds: 1 });
// @ts-expect-error TS2353: for a client
channel.watch({ resumeSeconds: 1 });
// @ts-expect-error TS2322: a watch needs the listener itself
channel.watch({ listener: 'id' });
// @ts-expect-error TS2353: for a client
channel.registerListener(new MessageQueueListener<Events>(), { onClose: () => {} });

// claim: durations of the wrong type or name are refused
// @ts-expect-error TS2322: a number
channel.response(null, { heartbeatSeconds: '15' });
// @ts-expect-error TS2322: a number, 0 for never
channel.response(null, { stallSeconds: false });
// @ts-expect-error TS2353: it is called maxDurationSeconds
channel.response(null, { maxDuration: 60 });
// @ts-expect-error TS2561: it is called heartbeatSeconds
channel.response(null, { heartbeatMilliseconds: 60 });

// claim: a filter is a predicate over the messages of the channel
// @ts-expect-error TS2322: what it is for is to answer
channel.watch({ filter: () => 'yes' });
// @ts-expect-error TS2322: it is not waited for
channel.watch({ filter: async () => true });
// @ts-expect-error TS2367: there is no `tock`
channel.watch({ filter: ({ type }) => type === 'tock' });
// @ts-expect-error TS2322: a list of them
channel.watch({ events: 'tick' });

// claim: what cannot be left out of a broadcast is refused
// @ts-expect-error TS2322: a number
channel.broadcast({ type: 'ping' }, { except: 5 });
// @ts-expect-error TS2322: a set
channel.broadcast({ type: 'ping' }, { except: new Set(['id']) });
// @ts-expect-error TS2353: it is called except
channel.broadcast({ type: 'ping' }, { exclude: 'id' });
// @ts-expect-error TS2554: to one there is nobody to leave out
channel.dispatch('id', { type: 'ping' }, { except: 'id' });

// claim: a gap is no message of the channel
// @ts-expect-error TS2339: it may be a gap
item.data?.toFixed();
if (item.event === '_eric_gap') {
  // @ts-expect-error TS2339: of a gap
  item.data.text;
  // @ts-expect-error TS18048: not always known
  item.data.missed.toFixed();
}
// @ts-expect-error TS2367: there is no such reason
if (some<Gap>().reason === 'slow') some();

// claim: a message that is a gap is not sent
// @ts-expect-error TS2322: the project's own
channel.broadcast({ type: '_eric_gap', payload: some<Gap>() });

// claim: clients are drained of channels that have them
// @ts-expect-error TS2339: no responses
new (class extends AbstractChannel {})().drain();
// @ts-expect-error TS2322: a number
void channel.drain({ seconds: '1' });
// @ts-expect-error TS2353: it is called retryMilliseconds
void channel.drain({ retry: 1 });

// claim: reasons that do not exist are not compared with
// @ts-expect-error TS2367: it is called cancelled
channel.response(null, { onClose: ({ reason }) => void (reason === 'canceled') });

// claim: what a channel says of itself is read-only
// @ts-expect-error TS2540: read-only
channel.lastEventId = 'x';

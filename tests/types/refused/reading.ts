// Calls that readers may not make, and options that are refused.

import { SSEChannel, type SSEEvent } from 'eric-sse';
import { type Events, some } from '../support.js';

const channel = new SSEChannel<Events>();
const item = some<SSEEvent<Events>>();

// claim: data is not used before it is narrowed
// @ts-expect-error TS2339: not every payload is a number
item.data?.toFixed();
// @ts-expect-error TS2339: not every payload has a text
item.data?.text;

// claim: data is not used as that of another event
if (item.event === 'tick') {
  // @ts-expect-error TS2339: a tick is a number
  item.data.text;
}

// claim: an event that a channel does not have is not compared with
// @ts-expect-error TS2367: there is no `tock`
if (item.event === 'tock') some();

// claim: the closing event is not forgotten
export function size(of: SSEEvent<{ tick: number }>): number {
  // @ts-expect-error TS2322: undefined for the closing event
  return of.data;
}
export function id(of: SSEEvent<Events>): string {
  // @ts-expect-error TS2322: undefined for the closing event
  return of.id;
}

// claim: a stream is not read without await
export function read(): void {
  // @ts-expect-error TS2488: asynchronous
  for (const each of channel.watch()) void each;
}

// claim: a delivered message is not used before it is narrowed
// @ts-expect-error TS2339: not every payload is a number
channel.deliverNext('id').payload?.toFixed();

// claim: options of the wrong type are refused
// @ts-expect-error TS2322: seconds are a number
new SSEChannel({ streamDelaySeconds: '1' });
// @ts-expect-error TS2322: milliseconds are a number
new SSEChannel({ retryTimeoutMilliseconds: null });
// @ts-expect-error TS2322: an id is a string
new SSEChannel({ id: 1 });
// @ts-expect-error TS2740: a controller is no signal
channel.watch({ signal: new AbortController() });
// @ts-expect-error TS2322: a report is a function
channel.watch({ onError: 'console' });

// claim: options that do not exist are refused
// @ts-expect-error TS2353: it is called streamDelaySeconds
new SSEChannel({ streamDelay: 1 });
// @ts-expect-error TS2353: headers are those of a response
channel.watch({ headers: {} });
// @ts-expect-error TS2353: no status
channel.response(null, { status: 201 });

// claim: a response is not made for what is no request
// @ts-expect-error TS2345: an address
channel.response('https://example.org/');
// @ts-expect-error TS2741: options in the request's place
channel.response({ headers: {} });

// claim: headers that new Headers does not take are refused
// @ts-expect-error TS2322: a number
channel.response(null, { headers: 5 });

// claim: what a channel says of itself is read-only
// @ts-expect-error TS2540: read-only
channel.id = 'a';
// @ts-expect-error TS2540: read-only
channel.closed = true;
// @ts-expect-error TS2540: read-only
channel.watch().listener = channel.addListener();

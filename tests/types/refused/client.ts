// What programs may not write with eric-sse/client.

import { connect, connectShared, EventStreamDecoder, type StandardSchema } from 'eric-sse/client';

interface Events {
  price: { value: number };
}
declare const numbers: StandardSchema<number>;

// claim: data that an event does not have
export async function read(): Promise<void> {
  for await (const event of connect<Events>('/events')) {
    // @ts-expect-error TS2339: no such member
    if (event.type === 'price') event.data.symbol;
    // @ts-expect-error TS2367: no such type
    if (event.type === 'other') break;
  }
}

// claim: data that a schema does not give
export async function readWithSchemas(): Promise<void> {
  for await (const event of connect('/events', { schemas: { n: numbers } })) {
    // @ts-expect-error TS2339: a number has no length
    if (event.type === 'n') event.data.length;
  }
}

// claim: options that there are not
// @ts-expect-error TS2769: not one of the three
connect('/events', { reconnect: 'sometimes' });
// @ts-expect-error TS2769: an unknown option
connect('/events', { retrySeconds: 1 });
// @ts-expect-error TS2554: no URL
connect();

// claim: text where bytes are meant
// @ts-expect-error TS2345: a text
new EventStreamDecoder().push('data: 1');

// claim: a shared connection is a GET that always reconnects
// @ts-expect-error TS2769: no method
connectShared('/events', { method: 'POST' });
// @ts-expect-error TS2769: no other way to reconnect
connectShared('/events', { reconnect: 'never' });

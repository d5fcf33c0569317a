// What a named channel refuses.

import { SSEChannel } from 'eric-sse';
import type { Events } from '../support.js';

// claim: a name has to be given
// @ts-expect-error TS2554: no name
SSEChannel.named();
// @ts-expect-error TS2345: a name is a string
SSEChannel.named(1);

// claim: its id is its name
// @ts-expect-error TS2353: no id
SSEChannel.named('news', { id: 'other' });

// claim: it takes the messages of its events only
// @ts-expect-error TS2322: a payload of another type
SSEChannel.named<Events>('news').broadcast({ type: 'tick', payload: 'one' });

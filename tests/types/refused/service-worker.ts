// Arguments that eric-sse/service-worker refuses.

import { type AbstractChannel, SSEChannel } from 'eric-sse';
import { answer } from 'eric-sse/service-worker';
import { type Events, some } from '../support.js';

// claim: what cannot answer is no route
// @ts-expect-error TS2345: no channel at all
answer('/events');
// @ts-expect-error TS2345: a channel without responses
answer(some<AbstractChannel>());

// claim: options are those of a response
// @ts-expect-error TS2322: no duration
answer(new SSEChannel<Events>(), { heartbeatSeconds: '20' });

// Named channels.

import { type NamedChannelOptions, SSEChannel } from 'eric-sse';
import { type Events, holds, type Same } from '../support.js';

// claim: a named channel has the events that it is given
const channel = SSEChannel.named<Events>('news');
holds<Same<typeof channel, SSEChannel<Events>>>();
channel.broadcast({ type: 'tick', payload: 1 });

// claim: without events it takes any
SSEChannel.named('news').broadcast({ type: 'whatever', payload: {} });

// claim: its options are those of a channel
const options: NamedChannelOptions = { history: { messages: 1 }, retryTimeoutMilliseconds: 1000 };
SSEChannel.named('news', options);
SSEChannel.named('news', undefined);

// Arguments that a client of a socket server refuses.

import { type AbstractChannel, SSEChannel } from 'eric-sse';
import { SocketClient, toNode } from 'eric-sse/node';
import { some } from '../support.js';

const client = new SocketClient('/tmp/eric.sock');

// claim: a path has to be given
// @ts-expect-error TS2554: no path
new SocketClient();

// claim: a message has a type, which is a text
// @ts-expect-error TS2554: no type
client.broadcast('news');
// @ts-expect-error TS2345: a message object
client.broadcast('news', { type: 'tick' });

// claim: a stream is of a listener
// @ts-expect-error TS2554: no listener
client.stream('news');

// claim: the path is read-only
// @ts-expect-error TS2540: read-only
client.path = '/tmp/other.sock';

// claim: only a channel with responses is a handler
// @ts-expect-error TS2769: a channel without responses
toNode(some<AbstractChannel>());
// @ts-expect-error TS2769: no duration
toNode(new SSEChannel(), { heartbeatSeconds: '20' });

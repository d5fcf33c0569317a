// What a client of a socket server does not take.

import { SocketClient } from 'eric-sse/node';

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

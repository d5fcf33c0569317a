// eric-sse/node: a client of the socket server, for programs on the same machine. Loads no WebAssembly.

export { InvalidChannelException, InvalidListenerException, InvalidMessageFormat, QueueFullException } from '../errors.js';
export { SocketClient } from '../socket-client.js';
export type { SocketStats } from '../socket-client.js';
export { SocketError } from '../socket-error.js';
export { SocketStream } from '../socket-stream.js';
export type { SocketEvent, SocketStreamOptions } from '../socket-stream.js';

/**
 * Channels for Node's own servers, and a client of the socket server. Loads no WebAssembly.
 *
 * @module eric-sse/node
 */

export {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  QueueFullException,
} from '../model/errors.js';
export type { ResponseOptions } from '../response/options.js';
export type { NodeHandler, NodeRequest, NodeResponse } from '../servers/node/http-types.js';
export { toNode } from '../servers/node/to-node.js';
export type { SocketStats } from '../socket/client.js';
export { SocketClient } from '../socket/client.js';
export { SocketError } from '../socket/error.js';
export type { SocketEvent, SocketStreamOptions } from '../socket/stream.js';
export { SocketStream } from '../socket/stream.js';

// The connection of a response that sends its client elsewhere.

import type { NodeRequest, NodeResponse } from './http-types.js';

/**
 * Closes the connection behind this response. A client that kept it would reconnect over it: to
 * this process, though another one listens at the address by then.
 */
export function closeConnection({ socket }: NodeRequest, response: NodeResponse): void {
  // HTTP/2: GOAWAY, upon which clients open a new connection. Streams that are open go on.
  if (response.stream) response.stream.session?.close();
  else if (!response.headersSent) response.setHeader('Connection', 'close');
  // The head promised that the connection stays. Behind the end of the body, so that nothing of it
  // is lost.
  else response.on('finish', () => socket.destroySoon?.());
}

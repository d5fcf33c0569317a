// The texts and codes that a relay and its object send through their WebSocket, beside the stream's
// bytes.

/**
 * The code of a socket whose stream has ended: the response ends with it. After any other code the
 * relay joins again.
 */
export const STREAM_ENDED = 4000;

/**
 * A relay sends it to learn whether its WebSocket still leads to the object. The runtime answers
 * with the same text and does not wake the object. No event id has a line feed.
 */
export const ALIVE = '\n';

/**
 * Says that a client was sent everything there was when it joined. Any other text is a block with
 * the event id up to which the client has everything.
 */
export const REPLAYED = '';

/** Closes a socket that may be lost or closed already. */
export function closeQuietly(socket: WebSocket, code: number, reason?: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It was.
  }
}

// The errors of a socket server, and the lines that carry them.

import {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  QueueFullException,
} from '../model/errors.js';

/** The exceptions of the package by their codes. Any other code is a {@link SocketError}'s. */
const EXCEPTIONS = new Map<string, new (message: string, listeners: string[]) => Error>([
  ['ERIC_INVALID_CHANNEL', InvalidChannelException],
  ['ERIC_INVALID_LISTENER', InvalidListenerException],
  ['ERIC_INVALID_MESSAGE', InvalidMessageFormat],
  ['ERIC_QUEUE_FULL', QueueFullException],
]);

/**
 * There is no connection to the server, or it broke; or the server refused with a code of its own.
 */
export class SocketError extends Error {
  static {
    this.prototype.name = this.name;
  }
  /**
   * `'ERIC_CONNECT'`: there is no server at the path. `'ERIC_BROKEN'`: the connection broke;
   * whether the request was carried out is not known. `'ERIC_ANSWER'`: the answer cannot be read.
   * `'ERIC_LIMIT'`: the server's limits. `'ERIC_FORBIDDEN'`: the server is another user's. Or what
   * a newer server says.
   */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Makes the error that a line carries; `undefined` for other lines. @internal */
export function refusalIn(line: string): Error | undefined {
  if (!line.startsWith('{"error"')) return undefined;
  const { code, message } = (read(line) as { error: { code: string; message: string } }).error;
  const Exception = EXCEPTIONS.get(code);
  // The class has the name already. A full queue's listeners are in the text alone.
  return Exception ? new Exception(message.replace(/^\w+: /, ''), []) : new SocketError(code, message);
}

/** Reads a line of JSON. @throws {SocketError} if it is not JSON. @internal */
export function read(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SocketError('ERIC_ANSWER', 'the answer cannot be read: it is no JSON', cause);
  }
}

/** @internal */
export function broken(why: string, cause?: unknown): SocketError {
  return new SocketError('ERIC_BROKEN', `the connection broke: ${why}`, cause);
}

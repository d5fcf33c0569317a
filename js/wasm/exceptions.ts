// The exceptions of the core.

import {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  NoMessagesException,
  QueueFullException,
} from '../model/errors.js';

/**
 * Makes an exception by its number in `src/wasm/host.rs`.
 *
 * @param detail The reason of a `NoMessagesException`, or the listeners that a `QueueFullException`
 *   names, one per line.
 */
export function exception(number: number, message: string, detail: string): Error {
  switch (number) {
    case 0:
      return new InvalidChannelException(message);
    case 1:
      return new InvalidListenerException(message);
    case 2:
      return new InvalidMessageFormat(message);
    case 3:
      return new NoMessagesException(message, detail as NoMessagesException['reason']);
    default:
      return new QueueFullException(message, detail.split('\n'));
  }
}

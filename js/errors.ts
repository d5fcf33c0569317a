// The exceptions. Their codes are stable: branch on `code` (or `instanceof`), never on the text.

/** A channel is unknown, closed, or registered already. */
export class InvalidChannelException extends Error {
  static {
    this.prototype.name = 'InvalidChannelException';
  }
  readonly code = 'ERIC_INVALID_CHANNEL';
}

/** A listener is unknown to the channel, or registered with it already. */
export class InvalidListenerException extends Error {
  static {
    this.prototype.name = 'InvalidListenerException';
  }
  readonly code = 'ERIC_INVALID_LISTENER';
}

/** A message cannot be put on the wire: its payload is not JSON, or its type would break a line. */
export class InvalidMessageFormat extends Error {
  static {
    this.prototype.name = 'InvalidMessageFormat';
  }
  readonly code = 'ERIC_INVALID_MESSAGE';
}

/** There is nothing to deliver: the queue is empty, the listener stopped, or the channel closed besides. */
export class NoMessagesException extends Error {
  static {
    this.prototype.name = 'NoMessagesException';
  }
  readonly code = 'ERIC_NO_MESSAGES';

  /** `'empty'`: try again after the next send. `'stopped'`: start the listener. `'closed'`: there will be nothing more. */
  readonly reason: 'empty' | 'stopped' | 'closed';

  constructor(message: string, reason: 'empty' | 'stopped' | 'closed') {
    super(message);
    this.reason = reason;
  }
}

/** Makes the exception that the core names by its code. */
export function exception(code: string, message: string, reason?: string): Error {
  switch (code) {
    case 'ERIC_INVALID_CHANNEL':
      return new InvalidChannelException(message);
    case 'ERIC_INVALID_LISTENER':
      return new InvalidListenerException(message);
    case 'ERIC_INVALID_MESSAGE':
      return new InvalidMessageFormat(message);
    case 'ERIC_NO_MESSAGES':
      return new NoMessagesException(message, reason === 'stopped' || reason === 'closed' ? reason : 'empty');
    default:
      return new Error(message);
  }
}

// The exceptions. Their codes are stable: branch on `code` (or `instanceof`), never on the text.

/** A channel is unknown, closed, or registered already. */
export class InvalidChannelException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_INVALID_CHANNEL';
  /** The status with which web frameworks answer a request that fails with it. */
  readonly status = 503;
}

/** A listener is unknown to the channel, or registered with it already. */
export class InvalidListenerException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_INVALID_LISTENER';
  /** The status with which web frameworks answer a request that fails with it. */
  readonly status = 409;
}

/** A message cannot be put on the wire: its payload is not JSON, or its type would break a line. */
export class InvalidMessageFormat extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_INVALID_MESSAGE';
}

/**
 * There is nothing to deliver: the queue is empty, the listener stopped, or the channel closed
 * besides.
 */
export class NoMessagesException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_NO_MESSAGES';

  /**
   * `'empty'`: try again after the next send. `'stopped'`: start the listener. `'closed'`: there
   * will be nothing more.
   */
  readonly reason: 'empty' | 'stopped' | 'closed';

  constructor(message: string, reason: 'empty' | 'stopped' | 'closed') {
    super(message);
    this.reason = reason;
  }
}

/**
 * A listener that refuses what it has no room for is full. A broadcast that one listener refuses
 * nobody gets.
 */
export class QueueFullException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_QUEUE_FULL';
  /** The ids of the listeners that are full. */
  readonly listeners: readonly string[];
  /** The message, which was not sent. */
  refused: unknown = undefined;

  constructor(message: string, listeners: readonly string[]) {
    super(message);
    this.listeners = listeners;
  }
}

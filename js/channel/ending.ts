// How the streams and responses of a listener end.

/** Why a response has ended. */
export type CloseReason =
  /** The client or its server cancelled the body. */
  | 'cancelled'
  /** A signal was aborted: the request's or that of the options. */
  | 'aborted'
  /** The body could not be written to. */
  | 'failed'
  /** The client has not read for `stallSeconds`, although bytes were ready. */
  | 'stalled'
  /** The queue was full, and its overflow is `'disconnect'`. */
  | 'full'
  /** The listener was stopped. */
  | 'stopped'
  /** The listener was removed. */
  | 'removed'
  /** The channel was closed, and said so. */
  | 'closed'
  /** The channel is being drained. */
  | 'drained'
  /** `maxDurationSeconds` have passed. */
  | 'rotated'
  /** The client of a resumable listener reconnected on another connection. */
  | 'replaced'
  /** The iterator of a subclass has ended. */
  | 'finished'
  /** The response was garbage collected. */
  | 'dropped';

/** A response that can be ended. @internal */
export interface Ending {
  /** Ends it after the bytes that are ready, and tells the client when to reconnect. */
  finish(reason: CloseReason, retryMilliseconds: number): void;
  /** Ends it. */
  end(reason: CloseReason): void;
}

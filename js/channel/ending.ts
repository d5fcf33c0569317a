// How the streams and responses of a listener end.

/** Why a response has ended. */
export type CloseReason =
  /** The client or its server cancelled the body. */
  | 'cancelled'
  /** A signal was aborted: the request's or that of the options. */
  | 'aborted'
  /** The body could not be written to. */
  | 'failed'
  /** Nobody has read for `stallSeconds`, though there was something to read. */
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
  /** The client of a resumable listener came back on another connection. */
  | 'replaced'
  /** The iterator of a subclass has ended. */
  | 'finished'
  /** Nobody holds the response any more. */
  | 'dropped';

/** What reads for a listener, seen by who ends it. @internal */
export interface Ending {
  /** Ends it behind what is ready now, telling the client when to come back. */
  finish(reason: CloseReason, retryMilliseconds: number): void;
  /** Ends it. */
  end(reason: CloseReason): void;
}

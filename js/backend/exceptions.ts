// The exception of backends.

/**
 * A backend has not said that a message is stored, within the time that a send waits. The message
 * may be stored all the same: its `cause` is what the backend has thrown.
 */
export class BackendException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_BACKEND';
  /** The status with which web frameworks answer a request that fails with it. */
  readonly status = 503;
}

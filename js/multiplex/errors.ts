// The refusals of a multiplexer.

/** The request names no channels, too many, or none that it may read. */
export class ChannelsRefusedException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_CHANNELS_REFUSED';
  /** 400 for a list that is invalid, 403 when `authorize` refuses all of it. */
  readonly status: 400 | 403;

  constructor(message: string, status: 400 | 403) {
    super(message);
    this.status = status;
  }
}

/** No channel of the request is open. */
export class ChannelsClosedException extends Error {
  static {
    this.prototype.name = this.name;
  }
  readonly code = 'ERIC_INVALID_CHANNEL';
  readonly status = 503;
}

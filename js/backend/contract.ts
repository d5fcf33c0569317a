// The contract of a backend: what stores a channel that lives in many processes, or outlives its
// process.

/**
 * What may come at once or later. If a part comes at once, a client that reconnects with an id that
 * its process has not read continues at once as well.
 */
export type MaybePromise<T> = T | Promise<T>;

/** How much of a channel a backend keeps. Its newest message stays in any case. */
export interface StoredHistory {
  messages: number;
  bytes: number;
  seconds: number;
}

/** A message that is to be stored. */
export interface NewMessage {
  type: string;
  /** As in the event; `null` if there is no payload. */
  data: string | null;
  /** Whether the data is JSON, rather than a string that is its own data. */
  json: boolean;
  /**
   * The ids of the listeners that do not receive it, one a line. If the first line is empty, the
   * others are the only ones that receive it. `null` if everybody does.
   */
  except: string | null;
  /** Its weight in the history's bound. */
  bytes: number;
}

/** A message that is stored. */
export interface StoredMessage extends NewMessage {
  /** 1 for a channel's first message, and so on without a hole. */
  number: number;
  /** When it was stored, in milliseconds since 1970; not before the message in front of it. */
  at: number;
}

/** An epoch that has ended, and the number of its last message. */
export interface FormerEpoch {
  epoch: string;
  last: number;
}

/** A part of a channel. */
export interface StoredPart {
  /** The first half of the event ids. It changes when the backend begins another one. */
  epoch: string;
  /** The former epochs whose messages are those of this channel, newest first. */
  former: readonly FormerEpoch[];
  /** The number of the newest message; 0 before the first one. */
  newest: number;
  /** Whether the channel was closed, for all processes. */
  closed: boolean;
  /**
   * The messages behind the number that was asked for, oldest first, as many as fit in a part. The
   * first one has a higher number than the next if those between are no longer kept.
   */
  messages: StoredMessage[];
}

/** The answer to an `append`. */
export interface Appended {
  epoch: string;
  /** The number of the last message of the call; the others have the numbers before it. */
  last: number;
}

/** A channel of a backend, as one process has opened it. */
export interface BackendChannel {
  /**
   * Stores the messages of one turn, all or none, and drops what is beyond the history's bounds.
   * It answers when no crash that the backend promises to survive can take them back.
   *
   * @param turn A number that the caller counts up. A call with the number of the call before it is
   * a repetition: it answers the same, and stores nothing.
   * @returns `'closed'` if the channel was closed.
   */
  append(messages: readonly NewMessage[], turn: number): MaybePromise<Appended | 'closed'>;
  /** Reads the messages behind a number. */
  read(after: number): MaybePromise<StoredPart>;
  /** Closes the channel for all processes. What is stored stays readable for those that have it. */
  end(): MaybePromise<void>;
  /** Lets go of the channel, which goes on elsewhere. No method is called afterwards. */
  release(): void;
}

/** Stores channels by their names. */
export interface Backend {
  /**
   * Opens a channel; creates it if there is none, or the one of this name was closed.
   *
   * @param changed To be called when another handle may have appended to the channel, changed its
   * epoch or closed it. A call too many costs a read; one that is missing delays a message.
   */
  open(name: string, history: StoredHistory, changed: () => void): MaybePromise<BackendChannel>;
}

// Messages as an object stores them, and as a root sends them to its leaves.

export type StoredMessage = {
  sequence: number;
  /** When it was sent, by `Date.now()`. */
  at: number;
  type: string;
  /** As in the event; `null` if there is no payload. */
  data: string | null;
  /** 1 if the data is JSON, 0 if it is a string that is its own data. */
  json: number;
  /** The ids of the listeners that do not receive it, one a line. */
  excepted: string | null;
};

/** Consecutive messages. */
export interface Batch {
  epoch: string;
  /** The number of the channel's newest message. */
  newest: number;
  /** The number of the message before the first one. */
  after: number;
  /** Whether nothing older is kept. */
  whole: boolean;
  messages: StoredMessage[];
}

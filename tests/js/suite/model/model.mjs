// The plain model: what a channel has to do, written with arrays and without any of its ideas.
//
// The real thing does some of its work after the turn in which it was asked: `settle` is where the
// model does so. A reader is a stream or a body; of a listener's readers one at a time waits, since
// who of several gets a message is open.

/**
 * @typedef {{ payload: number, refused: boolean }} Sent
 * @typedef {{ kind: 'item', payload: number } | { kind: 'gap', missed: number | undefined } | { kind: 'closed' } | { kind: 'end' }} Answer
 * @typedef {{ most: number, overflow: 'drop-oldest' | 'disconnect' | 'refuse' }} Bound
 */

/** The number of broadcasts that are kept for reconnecting clients. */
export const HISTORY = 8;

/**
 * The entry of a broadcast in the queue of an excepted listener: it takes room until it is passed
 * over.
 */
const NOTHING = undefined;

export class ModelListener {
  running = false;
  registered = true;
  /** @type {(Sent | typeof NOTHING)[]} */
  queue = [];
  /** The gap that it has to receive first: how many messages are missing, if that is known. @type {{ missed: number | undefined } | undefined} */
  gap;
  /** How often it was stopped: a reader that was opened before a stop has ended. */
  stops = 0;

  /** @param {boolean} validates @param {Bound} [bound] */
  constructor(validates, bound = { most: Infinity, overflow: 'drop-oldest' }) {
    this.validates = validates;
    this.bound = bound;
  }

  get refuses() {
    return this.bound.overflow === 'refuse' && this.queue.length >= this.bound.most;
  }

  get isOver() {
    return this.queue.length > this.bound.most;
  }
}

export class ModelReader {
  ended = false;
  /** Calls that have not been answered. @type {((answer: Answer) => void)[]} */
  waiting = [];

  /** @param {ModelListener} listener @param {boolean} owns */
  constructor(listener, owns) {
    this.listener = listener;
    this.owns = owns;
    this.stops = listener.stops;
  }
}

export class Model {
  /** @type {ModelListener[]} */
  listeners = [];
  /** @type {ModelReader[]} */
  readers = [];
  closed = false;
  /** How many messages were reported as refused. */
  reported = 0;

  /** @type {Sent[]} */
  broadcasts = [];

  /**
   * @param {boolean} validates
   * @param {Bound} [bound]
   * @param {number} [after] the number of the last broadcast that a reconnecting client has
   */
  add(validates, bound, after) {
    const listener = new ModelListener(validates, bound);
    this.listeners.push(listener);
    if (after === undefined) return listener;
    const start = Math.max(this.broadcasts.length - HISTORY, 0);
    // An id that was not issued yet is unknown.
    if (after > this.broadcasts.length) listener.gap = { missed: undefined };
    else if (after < start) listener.gap = { missed: start - after };
    listener.queue = this.broadcasts.slice(listener.gap ? start : after);
    return listener;
  }

  /** @param {ModelListener} listener */
  remove(listener) {
    this.listeners = this.listeners.filter((other) => other !== listener);
    listener.registered = false;
    listener.queue = [];
  }

  /** @param {ModelListener} listener */
  start(listener) {
    listener.running = true;
  }

  /** @param {ModelListener} listener */
  stop(listener) {
    listener.running = false;
    listener.stops++;
  }

  /** @param {Sent} sent @param {ModelListener[]} [except] @returns {ModelListener[]} listeners that refuse it */
  broadcast(sent, except = []) {
    const full = this.listeners.filter((listener) => listener.refuses && !except.includes(listener));
    if (full.length > 0) return full;
    this.broadcasts.push(sent);
    for (const listener of [...this.listeners]) this.#push(listener, except.includes(listener) ? NOTHING : sent);
    return [];
  }

  /** @param {ModelListener} listener @param {Sent} sent @returns {ModelListener[]} listeners that refuse it */
  dispatch(listener, sent) {
    if (listener.refuses) return [listener];
    this.#push(listener, sent);
    return [];
  }

  /** @param {ModelListener} listener @param {Sent | typeof NOTHING} sent */
  #push(listener, sent) {
    listener.queue.push(sent);
    if (listener.bound.overflow === 'disconnect' && listener.isOver) return this.remove(listener);
    while (listener.bound.overflow === 'drop-oldest' && listener.isOver) {
      listener.queue.shift();
      listener.gap = { missed: (listener.gap?.missed ?? 0) + 1 };
    }
  }

  /** @param {ModelListener} listener @returns {'stopped' | 'empty' | 'closed' | 'refused' | number} */
  deliverNext(listener) {
    if (!listener.running) return 'stopped';
    listener.gap = undefined;
    let sent;
    while (listener.queue.length > 0 && sent === NOTHING) sent = listener.queue.shift();
    if (sent === undefined) return this.closed ? 'closed' : 'empty';
    return listener.validates && sent.refused ? 'refused' : sent.payload;
  }

  /** @param {ModelListener} listener @param {boolean} owns */
  open(listener, owns) {
    const reader = new ModelReader(listener, owns);
    this.readers.push(reader);
    return reader;
  }

  /** @param {ModelReader} reader @param {(answer: Answer) => void} answer */
  next(reader, answer) {
    if (reader.waiting.length > 0) return void reader.waiting.push(answer);
    const taken = this.#take(reader);
    if (taken === undefined) reader.waiting.push(answer);
    else answer(taken);
  }

  /** Ends a reader: waiting calls are answered at once. @param {ModelReader} reader */
  end(reader) {
    this.#finish(reader);
    for (const answer of reader.waiting.splice(0)) answer({ kind: 'end' });
  }

  /** @param {ModelReader} reader */
  #finish(reader) {
    if (!reader.ended && reader.owns && reader.listener.registered) this.remove(reader.listener);
    reader.ended = true;
  }

  close() {
    this.closed = true;
  }

  /**
   * The work after the turn: readers whose listener stopped end, and waiting readers get the new
   * messages.
   */
  settle() {
    for (const reader of this.readers) {
      if (this.#isOver(reader)) this.end(reader);
      while (reader.waiting.length > 0) {
        const taken = this.#take(reader);
        if (taken === undefined) break;
        reader.waiting.shift()?.(taken);
      }
    }
  }

  /** Takes everything that is ready, as a body does. @param {ModelReader} reader @returns {Answer[]} */
  takeAll(reader) {
    const all = [];
    for (;;) {
      const taken = this.#take(reader);
      if (taken === undefined || taken.kind === 'end') return all;
      all.push(taken);
    }
  }

  /** Whether its listener was stopped or removed. @param {ModelReader} reader */
  #isOver({ listener, stops }) {
    return !listener.registered || !listener.running || listener.stops !== stops;
  }

  /** @param {ModelReader} reader @returns {Answer | undefined} */
  #take(reader) {
    const { listener } = reader;
    if (reader.ended) return { kind: 'end' };
    if (this.#isOver(reader)) {
      this.#finish(reader);
      return { kind: 'end' };
    }
    if (listener.gap) {
      const { missed } = listener.gap;
      listener.gap = undefined;
      return { kind: 'gap', missed };
    }
    while (listener.queue.length > 0) {
      const sent = listener.queue.shift();
      if (sent === NOTHING) continue;
      if (!listener.validates || !sent.refused) return { kind: 'item', payload: sent.payload };
      this.reported++;
    }
    if (!this.closed) return undefined;
    listener.running = false;
    this.#finish(reader);
    return { kind: 'closed' };
  }
}

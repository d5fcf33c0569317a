// The lanes whose channel is reached by requests: the server's, and the service worker's.

import { Connection } from './connection.js';

/**
 * @typedef {import('./connection.js').State} State
 * @typedef {import('./connection.js').Status} Status
 * @typedef {import('./history.js').Delivered} Delivered
 * @typedef {{ type: string, payload?: unknown }} MessageLike
 *
 * A report of a lane; `seat` is the number of its listener on the page.
 * @typedef {object} LaneHearer
 * @property {(seat: number, message: Delivered) => void} message
 * @property {(seat: number, state: State) => void} state
 * @property {(seat: number, status: Status) => void} status
 * @property {(text: string) => void} trouble
 */

/** A command that is not answered by then has failed. In milliseconds. */
const LONGEST_ANSWER = 5000;

export class EventSourceLane {
  #base;
  /** @type {Connection[]} */ #connections;

  /**
   * @param {string} base where the paths of the channel start
   * @param {LaneHearer} hearer
   * @param {number} seats how many listeners
   */
  constructor(base, hearer, seats) {
    this.#base = base;
    this.#connections = Array.from({ length: seats }, (_, seat) => {
      return new Connection(`${base}/events`, {
        message: (message) => hearer.message(seat, message),
        state: (state) => hearer.state(seat, state),
        status: (status) => hearer.status(seat, status),
      });
    });
  }

  open() {
    for (const connection of this.#connections) connection.open();
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }

  /** @param {MessageLike} message */
  broadcast = ({ type, payload }) => this.#post('/broadcast', { type, payload });

  /** @param {number} seat @param {MessageLike} message */
  dispatch = (seat, { type, payload }) => this.#post('/dispatch', { listener: this.#id(seat), type, payload });

  /** @param {number} seat */
  stop = (seat) => this.#post('/stop', { listener: this.#id(seat) });

  /** @param {number} seat */
  start = (seat) => this.#post('/start', { listener: this.#id(seat) });

  /** @param {number} perSecond */
  setRate = (perSecond) => this.#post('/rate', { perSecond });

  /** @param {number} seat */
  #id(seat) {
    const id = this.#connections[seat]?.id;
    if (id === undefined) throw new Error('the listener is not connected');
    return id;
  }

  /** @param {string} path @param {object} body */
  async #post(path, body) {
    const response = await fetch(this.#base + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_ANSWER),
    });
    if (response.ok) return;
    const { error } = await response.json().catch(() => ({}));
    throw new Error(error?.message ?? `answered with status ${response.status}`);
  }
}

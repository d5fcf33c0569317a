// Connection: one listener of a channel elsewhere, read by an `EventSource`.

/**
 * @typedef {import('./history.js').Delivered} Delivered
 * @typedef {'connecting' | 'running' | 'stopped' | 'reconnecting' | 'paused' | 'unavailable'} Status
 * @typedef {{ listener: string, running: boolean, waiting: number, held: boolean, rate: number, runtime: string }} State
 *
 * @typedef {object} Hearer
 * @property {(message: Delivered) => void} message
 * @property {(state: State) => void} state
 * @property {(status: Status) => void} status
 */

/** How long until it is tried again, when the browser has given up. In milliseconds. */
const TRY_AGAIN = 3000;

export class Connection {
  #url;
  #hearer;
  /** @type {EventSource | undefined} */ #source;
  /** The types that the source listens for. @type {Set<string>} */ #heard = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** The listener's id, as the other side has told it last. @type {string | undefined} */
  id;

  /**
   * @param {string} url
   * @param {Hearer} hearer
   */
  constructor(url, hearer) {
    this.#url = url;
    this.#hearer = hearer;
  }

  open() {
    this.close();
    this.#hearer.status('connecting');
    // #region shown
    const source = new EventSource(this.#url);
    source.addEventListener('lane.state', ({ data }) => this.#state(JSON.parse(data)));
    source.addEventListener('lane.type', ({ data }) => this.#hear(source, data));
    source.addEventListener('error', () => this.#lost(source));
    // #endregion
    this.#hear(source, 'message');
    this.#source = source;
  }

  close() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
    this.#heard.clear();
    this.id = undefined;
  }

  /** @param {EventSource} source @param {string} type */
  #hear(source, type) {
    if (this.#heard.has(type)) return;
    this.#heard.add(type);
    source.addEventListener(type, ({ data, lastEventId }) =>
      this.#hearer.message({ event: type, data, id: lastEventId }),
    );
  }

  /** @param {State} state */
  #state(state) {
    this.id = state.listener;
    this.#hearer.status(state.running ? 'running' : 'stopped');
    this.#hearer.state(state);
  }

  /** @param {EventSource} source */
  #lost(source) {
    this.id = undefined;
    this.#hearer.status('reconnecting');
    // The browser tries again by itself, unless it was answered with anything but an event stream.
    if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.open(), TRY_AGAIN);
  }
}

// The second lane: a channel inside a dedicated worker, which tells the page by messages.

/** @typedef {import('./event-source-lane.js').MessageLike} MessageLike */

export class WorkerLane {
  #hearer;
  #seats;
  /** @type {Worker | undefined} */ #worker;
  #calls = 0;
  /** Why there is no worker any more. @type {string | undefined} */ #broken;
  /** Commands that are not answered yet. @type {Map<number, (error: string | undefined) => void>} */ #answers =
    new Map();

  /**
   * @param {import('./event-source-lane.js').LaneHearer} hearer
   * @param {number} seats
   */
  constructor(hearer, seats) {
    this.#hearer = hearer;
    this.#seats = seats;
  }

  open() {
    for (let seat = 0; seat < this.#seats; seat++) this.#hearer.status(seat, 'connecting');
    // #region shown
    const worker = new Worker('/dedicated-worker.js', { type: 'module' });
    worker.addEventListener('message', ({ data }) => this.#hear(data));
    // #endregion
    worker.addEventListener('error', (event) => this.#fail(event.message || 'it could not be loaded'));
    this.#worker = worker;
    for (let seat = 0; seat < this.#seats; seat++) {
      this.#call('listen', { listener: idOf(seat) }).catch((error) => this.#fail(error.message));
    }
  }

  /** @param {MessageLike} message */
  broadcast = ({ type, payload }) => this.#call('broadcast', { type, payload });

  /** @param {number} seat @param {MessageLike} message */
  dispatch = (seat, { type, payload }) => this.#call('dispatch', { listener: idOf(seat), type, payload });

  /** @param {number} seat */
  stop = (seat) => this.#call('stop', { listener: idOf(seat) });

  /** @param {number} seat */
  start = (seat) => this.#call('start', { listener: idOf(seat) });

  /** @param {number} perSecond */
  setRate = (perSecond) => this.#call('rate', { perSecond });

  /** @param {any} said */
  #hear({ call, error, state, listener, event, data, id }) {
    if (listener !== undefined) return this.#hearer.message(seatOf(listener), { event, data, id });
    if (state !== undefined) {
      const seat = seatOf(state.listener);
      this.#hearer.status(seat, state.running ? 'running' : 'stopped');
      return this.#hearer.state(seat, { ...state, runtime: 'Dedicated worker' });
    }
    this.#answers.get(call)?.(error);
    this.#answers.delete(call);
  }

  /** @param {string} command @param {object} options */
  #call(command, options) {
    if (this.#broken) return Promise.reject(new Error(`no worker: ${this.#broken}`));
    const call = this.#calls++;
    return /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        this.#answers.set(call, (error) => (error === undefined ? resolve() : reject(new Error(error))));
        this.#worker?.postMessage({ call, command, ...options });
      })
    );
  }

  /** @param {string} why */
  #fail(why) {
    if (this.#broken) return;
    this.#broken = why;
    for (let seat = 0; seat < this.#seats; seat++) this.#hearer.status(seat, 'unavailable');
    for (const answer of this.#answers.values()) answer(why);
    this.#answers.clear();
    this.#hearer.trouble(`No worker: ${why}`);
  }
}

/** @param {number} seat */
const idOf = (seat) => `seat-${seat}`;

/** @param {string} id */
const seatOf = (id) => Number(id.slice('seat-'.length));

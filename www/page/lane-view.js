// LaneView: one channel on the page. Its name, its rate, and its listeners.

import { ListenerView } from './listener-view.js';
import { complain, say } from './notices.js';
import { fillSnippet } from './snippet.js';

/** The stops of the slider, in messages a second. */
export const RATES = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const NAMES = ['A', 'B'];

/**
 * @typedef {import('./event-source-lane.js').LaneHearer} LaneHearer
 * @typedef {import('./event-source-lane.js').MessageLike} MessageLike
 * @typedef {import('./event-source-lane.js').EventSourceLane | import('./worker-lane.js').WorkerLane} Lane
 *
 * @typedef {object} LaneOptions
 * @property {string} id
 * @property {string} title
 * @property {string} caption the path of the code
 * @property {[file: string, what: string][]} sources the part of the code that is shown
 * @property {(hearer: LaneHearer, seats: number) => Lane} connect
 * @property {() => MessageLike} compose makes the message that is to be sent; throws when it is invalid
 */

export class LaneView {
  element;
  title;
  #slider;
  #output;
  #caption;
  /** The path of the code. */ #path;
  /** @type {ListenerView[]} */ #listeners;
  /** The ids of the listeners, by the last report. @type {(string | undefined)[]} */ #ids = [];
  #lane;
  #compose;

  /**
   * @param {{ lane: HTMLTemplateElement, listener: HTMLTemplateElement }} templates
   * @param {LaneOptions} options
   */
  constructor(templates, { id, title, caption, sources, connect, compose }) {
    const copy = /** @type {DocumentFragment} */ (templates.lane.content.cloneNode(true));
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (copy.querySelector(selector));
    this.title = title;
    this.#compose = compose;
    this.element = part('.lane');
    this.element.id = id;
    this.element.setAttribute('aria-labelledby', `${id}-title`);
    part('h2').id = `${id}-title`;
    part('h2').textContent = title;
    this.#caption = part('.caption');
    this.#caption.textContent = caption;
    this.#path = caption;

    this.#slider = /** @type {HTMLInputElement} */ (part('.rate input'));
    this.#slider.max = String(RATES.length - 1);
    this.#slider.setAttribute('aria-label', `Ticks per second, ${title}`);
    this.#output = part('.rate output');
    this.#slider.addEventListener('input', () => this.#showRate());
    this.#slider.addEventListener('change', () =>
      this.#do(() => this.#lane.setRate(this.#rate), `${title}: ${this.#rate} ticks a second`),
    );

    const broadcast = part('.broadcast');
    broadcast.setAttribute('aria-label', `Broadcast here, ${title}`);
    broadcast.addEventListener('click', () => {
      this.#do(() => this.broadcast(this.#compose()), `${title}: broadcast to every listener`);
    });

    this.#listeners = NAMES.map((name, seat) => this.#listener(templates.listener, name, seat));
    part('.listeners').append(...this.#listeners.map(({ element }) => element));
    fillSnippet(/** @type {HTMLDetailsElement} */ (part('details')), sources);
    this.#lane = connect(this.#hearer(), NAMES.length);
    this.#lane.open();
  }

  /** @param {MessageLike} message */
  async broadcast(message) {
    await this.#lane.broadcast(message);
  }

  /** To be called several times a second. */
  roll() {
    for (const listener of this.#listeners) listener.roll();
  }

  get #rate() {
    return RATES[Number(this.#slider.value)] ?? 0;
  }

  #showRate() {
    const text = this.#rate === 0 ? 'off' : `${this.#rate}/s`;
    this.#output.textContent = text;
    this.#slider.setAttribute('aria-valuetext', this.#rate === 0 ? 'off' : `${this.#rate} a second`);
  }

  /** Follows a rate that was set, here or in another window. @param {number} perSecond */
  #followRate(perSecond) {
    let stop = 0;
    RATES.forEach((rate, i) => (stop = rate <= perSecond ? i : stop));
    if (document.activeElement === this.#slider && this.#slider.matches(':active')) return;
    this.#slider.value = String(stop);
    this.#showRate();
  }

  /** @param {HTMLTemplateElement} template @param {string} name @param {number} seat */
  #listener(template, name, seat) {
    const view = new ListenerView(template, {
      name,
      lane: this.title,
      onDispatch: () => {
        this.#do(() => this.#lane.dispatch(seat, this.#compose()), `${this.title}: dispatched to ${name} only`);
      },
      onToggle: (running) => {
        if (running)
          this.#do(() => this.#lane.stop(seat), `${this.title}: ${name} stopped; what is sent now waits for it`);
        else this.#do(() => this.#lane.start(seat), `${this.title}: ${name} started; what has waited is delivered`);
      },
    });
    return view;
  }

  /** @returns {LaneHearer} */
  #hearer() {
    return {
      message: (seat, message) => {
        this.#listeners[seat]?.add(message);
        if (message.event === 'rate') this.#followRate(Number(message.data));
      },
      state: (seat, state) => {
        this.#listeners[seat]?.setWaiting(state);
        this.#caption.textContent = `${state.runtime}: ${this.#path}`;
        const before = this.#ids[seat];
        this.#ids[seat] = state.listener;
        if (before === state.listener) return;
        this.#followRate(state.rate);
        if (before !== undefined) say(`${this.title}: ${NAMES[seat]} is back as a new listener`);
      },
      status: (seat, status) => this.#listeners[seat]?.setStatus(status),
      trouble: complain,
    };
  }

  /** Does something, and says so. @param {() => Promise<void>} action @param {string} done */
  async #do(action, done) {
    try {
      await action();
      say(done);
    } catch (error) {
      complain(error);
    }
  }
}

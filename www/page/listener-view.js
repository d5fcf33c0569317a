// ListenerView: one listener on the page. Its state, its counters, its plot, its last messages, its
// two buttons.

import { drawSoon } from './frames.js';
import { History } from './history.js';
import { Meter } from './meter.js';
import { Plot } from './plot.js';

/** @typedef {import('./connection.js').Status} Status */

/** How many entries are shown, and kept. */
const ENTRIES = 5;
const LONGEST_DATA = 200;

/** The text of a status on the page, and the action of its button. @type {Record<Status, string>} */
const WORDS = {
  connecting: 'connecting',
  running: 'running',
  stopped: 'stopped',
  reconnecting: 'reconnecting',
  paused: 'paused, out of sight',
  unavailable: 'unavailable',
};

const grouped = new Intl.NumberFormat('en');

export class ListenerView {
  element;
  #parts;
  #rows;
  #history = new History(ENTRIES);
  #meter = new Meter();
  #plot;
  #delivered = 0;
  #waiting = 0;
  #held = false;
  /** @type {Status} */ #status = 'connecting';

  /**
   * @param {HTMLTemplateElement} template
   * @param {{ name: string, lane: string, onDispatch: () => void, onToggle: (running: boolean) => void }} options
   */
  constructor(template, { name, lane, onDispatch, onToggle }) {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (copy.querySelector(selector));
    this.element = part('.listener');
    this.element.dataset.listener = name;
    this.#parts = {
      state: part('.state'),
      delivered: part('.delivered'),
      waiting: part('.waiting'),
      perSecond: part('.per-second'),
      held: part('.held'),
      dispatch: /** @type {HTMLButtonElement} */ (part('.dispatch')),
      toggle: /** @type {HTMLButtonElement} */ (part('.toggle')),
    };
    part('h3').textContent = name;
    part('h3').setAttribute('aria-label', `Listener ${name}, ${lane}`);
    part('.messages').setAttribute('aria-label', `Last messages of listener ${name}, ${lane}`);
    this.#rows = Array.from({ length: ENTRIES }, () => makeRow(part('.messages')));
    this.#plot = new Plot(/** @type {HTMLCanvasElement} */ (part('canvas')), this.#meter);
    this.#parts.dispatch.setAttribute('aria-label', `Dispatch to listener ${name}, ${lane}`);
    this.#parts.dispatch.addEventListener('click', onDispatch);
    this.#parts.toggle.addEventListener('click', () => onToggle(this.#status === 'running'));
    this.#nameToggle = (word) => this.#parts.toggle.setAttribute('aria-label', `${word} listener ${name}, ${lane}`);
    this.#nameToggle('Stop');
    this.draw();
  }

  /** @type {(word: string) => void} */ #nameToggle;

  /** @param {import('./history.js').Delivered} message */
  add(message) {
    this.#delivered += 1;
    // The number of waiting messages is reported when it has changed, not with each message.
    if (this.#waiting > 0) this.#waiting -= 1;
    this.#history.add(message);
    this.#meter.count();
    drawSoon(this);
  }

  /** @param {Status} status */
  setStatus(status) {
    if (status === this.#status) return;
    this.#status = status;
    drawSoon(this);
  }

  /** @param {{ waiting: number, held: boolean }} state */
  setWaiting({ waiting, held }) {
    this.#waiting = waiting;
    this.#held = held;
    drawSoon(this);
  }

  /** To be called several times a second: moves the plot on. */
  roll() {
    if (!this.#meter.roll(this.#status === 'stopped')) return;
    this.#plot.draw();
    setText(this.#parts.perSecond, grouped.format(this.#meter.perSecond));
  }

  draw() {
    const { state, delivered, waiting, held, dispatch, toggle } = this.#parts;
    const isThere = this.#status === 'running' || this.#status === 'stopped';
    this.element.dataset.status = this.#status;
    setText(state, WORDS[this.#status]);
    setText(delivered, grouped.format(this.#delivered));
    setText(waiting, grouped.format(this.#waiting));
    held.hidden = !this.#held;
    const word = this.#status === 'stopped' ? 'Start' : 'Stop';
    if (setText(toggle, word)) this.#nameToggle(word);
    // Not `disabled`, which would take the focus away.
    for (const button of [dispatch, toggle]) button.setAttribute('aria-disabled', String(!isThere));
    this.#rows.forEach((row, i) => row(this.#history.entries[i]));
  }
}

/** Makes a row, and returns what fills it. @param {HTMLElement} list */
function makeRow(list) {
  const row = document.createElement('li');
  const [id, type, data, times] = ['id', 'type', 'data', 'times'].map((name) => {
    const cell = document.createElement('span');
    cell.className = name;
    row.append(cell);
    return cell;
  });
  row.hidden = true;
  list.append(row);
  return (/** @type {import('./history.js').Entry | undefined} */ entry) => {
    row.hidden = entry === undefined;
    if (!entry || !id || !type || !data || !times) return;
    row.dataset.type = entry.event;
    // The channel's epoch is the same in all of them, and stands in the title.
    if (setText(id, (entry.id ?? '').replace(/^.*-/, ''))) id.title = `id ${entry.id}`;
    setText(type, entry.event);
    if (setText(data, textOf(entry.data))) data.title = data.textContent ?? '';
    setText(times, entry.times > 1 ? `×${grouped.format(entry.times)}` : '');
  };
}

/** @param {unknown} data */
function textOf(data) {
  const text = typeof data === 'string' ? data : data === undefined ? '' : JSON.stringify(data);
  return text.length > LONGEST_DATA ? `${text.slice(0, LONGEST_DATA)}…` : text;
}

/** Sets a text, if it differs. Returns whether it did. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

// The lane that all tabs share: one connection, which one of them has for all.

import { connectShared } from 'eric-sse/client';
import { complain, say } from './notices.js';
import { fillSnippet } from './snippet.js';

/** Locks tell which tabs are there: the browser frees those of a tab that is closed. */
const [TAB, LEADER] = ['eric-sse page tab ', 'eric-sse page leader '];
const MOST_TABS = 64;
const HELD_UP = 5000;

/** @typedef {{ number: number, connections: number }} Tick */

export class TabsLane {
  /** @type {Record<string, Element>} */ #parts;
  /** The number of this tab. */ #tab = 0;
  /** Ends the claim to lead. @type {(() => void) | undefined} */ #stopLeading;
  /** The number of the newest tick; 0 before the first. */ #last = 0;
  #received = 0;
  #missing = 0;
  #repeated = 0;

  /** @param {Element} element */
  constructor(element) {
    const names = ['this-tab', 'tab-count', 'leader', 'connections', 'received', 'missing', 'repeated'];
    this.#parts = Object.fromEntries(
      names.map((name) => [name, /** @type {Element} */ (element.querySelector(`.${name}`))]),
    );
    element.querySelector('.open-tab')?.addEventListener('click', () => open('/', '_blank', 'noopener'));
    element.querySelector('.hold-up')?.addEventListener('click', () => {
      say(`Tab ${this.#tab} does nothing for ${HELD_UP / 1000} seconds`);
      // After the next frame, so that the notice is seen.
      setTimeout(() => {
        for (const end = performance.now() + HELD_UP; performance.now() < end; );
      }, 100);
    });
    fillSnippet(/** @type {HTMLDetailsElement} */ (element.querySelector('details')), [
      ['/page/tabs-lane.js', 'In each tab'],
      ['/shared/tab-feed.mjs', 'On the server'],
    ]);
  }

  async open() {
    if (!navigator.locks) return complain('Tabs share a connection only where there are Web Locks');
    await this.#takeNumber();
    setInterval(() => void this.#showTabs(), 500);
    try {
      await this.#read();
    } catch (error) {
      complain(error);
    }
  }

  async #read() {
    // #region shown
    const feed = connectShared('/tabs', { onState: (change) => this.#follow(change) });
    for await (const { type, data } of feed) {
      if (type === '_eric_gap') this.#last = 0;
      else this.#count(data);
    }
    // #endregion
  }

  /** Only the tab that leads knows the headers of the response. @param {import('eric-sse/client').StateChange} change */
  #follow(change) {
    const leads = change.state === 'open' && change.headers.has('Content-Type');
    if (leads && !this.#stopLeading) {
      const led = new Promise((resolve) => (this.#stopLeading = () => resolve(undefined)));
      void navigator.locks.request(`${LEADER}${this.#tab}`, () => led);
    } else if (!leads) {
      this.#stopLeading?.();
      this.#stopLeading = undefined;
    }
  }

  /** @param {Tick} tick */
  #count({ number, connections }) {
    if (this.#last > 0 && number > this.#last + 1) this.#missing += number - this.#last - 1;
    if (number <= this.#last) this.#repeated++;
    this.#last = number;
    this.#received++;
    this.#show({ connections, received: this.#received, missing: this.#missing, repeated: this.#repeated });
  }

  /** Takes the lowest number that no tab has, and keeps it as long as the tab is there. */
  async #takeNumber() {
    for (let number = 1; number <= MOST_TABS; number++) {
      const isFree = await new Promise((resolve) => {
        void navigator.locks.request(`${TAB}${number}`, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock && new Promise(() => {});
        });
      });
      if (!isFree) continue;
      this.#tab = number;
      return this.#show({ 'this-tab': `This is tab ${number}` });
    }
  }

  async #showTabs() {
    const { held = [] } = await navigator.locks.query();
    const numbers = (/** @type {string} */ prefix) =>
      held.flatMap(({ name }) => (name?.startsWith(prefix) ? [Number(name.slice(prefix.length))] : []));
    const [leader] = numbers(LEADER);
    const isHere = leader === this.#tab ? ', this one' : '';
    this.#show({
      'tab-count': numbers(TAB).length,
      leader: leader === undefined ? '–' : `tab ${leader}${isHere}`,
    });
  }

  /** @param {Record<string, string | number>} texts */
  #show(texts) {
    for (const [name, text] of Object.entries(texts)) {
      const part = this.#parts[name];
      if (part) part.textContent = String(text);
    }
  }
}

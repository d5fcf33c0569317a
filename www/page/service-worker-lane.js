// The third lane: the channel inside the service worker. The page has to be in its hands before it
// can be asked.

import { EventSourceLane } from './event-source-lane.js';

/** How long a service worker may take to take over. In milliseconds. */
const LONGEST_TAKEOVER = 5000;

export class ServiceWorkerLane extends EventSourceLane {
  #hearer;
  #seats;

  /**
   * @param {import('./event-source-lane.js').LaneHearer} hearer
   * @param {number} seats
   */
  constructor(hearer, seats) {
    super('/sw', hearer, seats);
    this.#hearer = hearer;
    this.#seats = seats;
  }

  /** @override */
  async open() {
    for (let seat = 0; seat < this.#seats; seat++) this.#hearer.status(seat, 'connecting');
    try {
      await takeover();
    } catch (error) {
      for (let seat = 0; seat < this.#seats; seat++) this.#hearer.status(seat, 'unavailable');
      this.#hearer.trouble(`No service worker: ${error instanceof Error ? error.message : error}`);
      return;
    }
    super.open();
    // A newer one has taken over: the channel of the older one is gone.
    navigator.serviceWorker.addEventListener('controllerchange', () => super.open());
  }
}

/** Waits until the service worker answers the page's requests. */
async function takeover() {
  if (!('serviceWorker' in navigator)) throw new Error('this browser offers none here');
  const { serviceWorker } = navigator;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not take over')), LONGEST_TAKEOVER);
  });
  try {
    await Promise.race([late, register(serviceWorker)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {ServiceWorkerContainer} serviceWorker */
async function register(serviceWorker) {
  const changed = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  await serviceWorker.register('/service-worker.js', { type: 'module', updateViaCache: 'none' });
  const { active } = await serviceWorker.ready;
  if (serviceWorker.controller) return;
  // The first time it takes over by itself; after a reload that went past it, on request.
  active?.postMessage('claim');
  await changed;
}

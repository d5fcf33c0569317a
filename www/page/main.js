// The page: three channels, each in a place of its own, each with two listeners; and one that all
// tabs share.

import { composer } from './composer.js';
import { LaneView } from './lane-view.js';
import { STEP } from './meter.js';
import { complain, say, showNotices } from './notices.js';
import { ServerLane } from './server-lane.js';
import { ServiceWorkerLane } from './service-worker-lane.js';
import { TabsLane } from './tabs-lane.js';
import { WorkerLane } from './worker-lane.js';

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

const form = /** @type {HTMLFormElement} */ (byId('composer'));
const compose = composer(form);
showNotices(byId('notice'));

/** @type {Omit<import('./lane-view.js').LaneOptions, 'compose'>[]} */
const LANES = [
  {
    id: 'server',
    title: 'Server',
    caption: 'channel.response(request) → EventSource',
    sources: [
      ['/handler.mjs', 'On the server'],
      ['/page/connection.js', 'In this window'],
    ],
    connect: (hearer, seats) => new ServerLane(hearer, seats),
  },
  {
    id: 'worker',
    title: 'Web worker',
    caption: 'for await (… of channel.messageStream(listener))',
    sources: [
      ['/dedicated-worker.js', 'In the worker'],
      ['/page/worker-lane.js', 'In this window'],
    ],
    connect: (hearer, seats) => new WorkerLane(hearer, seats),
  },
  {
    id: 'service-worker',
    title: 'Service worker',
    caption: 'channel.response(request) → EventSource',
    sources: [
      ['/service-worker.js', 'In the service worker'],
      ['/handler.mjs', 'In there too, the same file as on the server'],
    ],
    connect: (hearer, seats) => new ServiceWorkerLane(hearer, seats),
  },
];

const templates = {
  lane: /** @type {HTMLTemplateElement} */ (byId('lane')),
  listener: /** @type {HTMLTemplateElement} */ (byId('listener')),
};
const lanes = LANES.map((options) => new LaneView(templates, { ...options, compose }));
byId('lanes').replaceChildren(...lanes.map(({ element }) => element));
setInterval(() => lanes.forEach((lane) => lane.roll()), STEP);
void new TabsLane(byId('tabs')).open();

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    const message = compose();
    const results = await Promise.allSettled(lanes.map((lane) => lane.broadcast(message)));
    const failed = lanes.flatMap(({ title }, i) => {
      const result = results[i];
      return result?.status === 'rejected' ? [`${title}: ${result.reason.message}`] : [];
    });
    if (failed.length > 0) complain(failed.join('; '));
    else say(`Broadcast “${message.type}” on all three channels`);
  } catch (error) {
    complain(error);
  }
});

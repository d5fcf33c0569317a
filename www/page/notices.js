// Notices: what the page says about itself. They go through a channel in this very window.

import { SSEChannel } from 'eric-sse';

/** @type {SSEChannel<{ done: string, trouble: string }>} */
const channel = new SSEChannel();

/** Says what was done. @param {string} text */
export const say = (text) => channel.broadcast({ type: 'done', payload: text });

/** Says what went wrong. @param {unknown} error */
export const complain = (error) =>
  channel.broadcast({ type: 'trouble', payload: error instanceof Error ? error.message : String(error) });

/** Shows the latest notice. @param {HTMLElement} element */
export async function showNotices(element) {
  for await (const { event, data } of channel.watch()) {
    element.textContent = typeof data === 'string' ? data : '';
    element.dataset.kind = event;
  }
}

// The client packages of npm, each opened in one way.

import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureClients } from '../../../scripts/lib/clients.mjs';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const clients = await ensureClients();
/** The Python that has the packages of PyPI. */
export const { python } = clients;
const { resolve } = createRequire(path.join(clients.folder, 'package.json'));
const load = (name) => import(pathToFileURL(resolve(name)).href);

/**
 * Opens an event stream and hands over its events. `onError` is called for what the client says is
 * an error.
 * @typedef {(url: string, tell: (type: string, data: string) => void, onError?: () => void) => () => void} Open
 */

/** @type {Record<string, Open>} */
export const CLIENTS = {
  eventsource: listening((await load('eventsource')).EventSource),
  'event-source-polyfill': listening((await load('event-source-polyfill')).EventSourcePolyfill),
};

/** @returns {Open} */
function listening(EventSource) {
  return (url, tell, onError = () => {}) => {
    const source = new EventSource(url);
    for (const type of ['n', '_eric_gap']) source.addEventListener(type, ({ data }) => tell(type, data));
    source.onmessage = ({ type, data }) => tell(type, data);
    source.onerror = onError;
    return () => source.close();
  };
}

const { createEventSource } = await load('eventsource-client');
CLIENTS['eventsource-client'] = (url, tell) => {
  const source = createEventSource({ url, onMessage: ({ event = 'message', data }) => tell(event, data) });
  return () => source.close();
};

// It wants a page.
const page = { document: { hidden: false, addEventListener() {}, removeEventListener() {} }, setTimeout, clearTimeout };
const { fetchEventSource } = await load('@microsoft/fetch-event-source');
CLIENTS['@microsoft/fetch-event-source'] = (url, tell) => {
  Object.assign(globalThis, { window: Object.assign(globalThis, page) });
  const controller = new AbortController();
  const onmessage = ({ event, data }) => tell(event, data);
  void fetchEventSource(url, { signal: controller.signal, fetch, onmessage, openWhenHidden: true }).catch(() => {});
  return () => controller.abort();
};

const { createParser } = await load('eventsource-parser');
CLIENTS['eventsource-parser'] = (url, tell) => {
  const controller = new AbortController();
  void (async () => {
    for (let last = ''; !controller.signal.aborted; await sleep(30)) {
      const onEvent = ({ id, event = 'message', data }) => {
        last = id ?? last;
        tell(event, data);
      };
      const parser = createParser({ onEvent });
      const decoder = new TextDecoder();
      try {
        const headers = last ? { 'Last-Event-ID': last } : {};
        const { body } = await fetch(url, { headers, signal: controller.signal });
        for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
      } catch {
        // The connection was cut.
      }
    }
  })();
  return () => controller.abort();
};

// A service worker that answers by eric-sse/service-worker, and does what its page tells it to.

import { SSEChannel } from 'eric-sse';
import { answer } from 'eric-sse/service-worker';

const OPTIONS = { retryTimeoutMilliseconds: 200 };
const channels = { route: new SSEChannel(OPTIONS), alone: new SSEChannel(OPTIONS), closed: new SSEChannel(OPTIONS) };
channels.closed.close();
const rooms = new Map([['kitchen', new SSEChannel(OPTIONS)]]);
const errors = [];

const options = ({ url }) => {
  const listener = new URL(url).searchParams.get('page');
  return listener === null
    ? undefined
    : { listener, resumeSeconds: 60, onError: ({ message }) => void errors.push(message) };
};
const stop = answer(
  {
    events: channels.route,
    '/answering/rooms': async (request) =>
      rooms.get(new URL(request.url).searchParams.get('room')) ?? new Response('no such room', { status: 404 }),
    '/answering/network': () => undefined,
    '/answering/closed': channels.closed,
    '/answering/failing': () => {
      throw new Error('of the route');
    },
  },
  options,
);
const stopAlone = answer(channels.alone);

const COMMANDS = {
  publish: ({ channel, payload }) => channels[channel].broadcast({ type: 'news', payload }),
  dispatch: ({ channel, to, payload }) => channels[channel].dispatch(to, { type: 'news', payload }),
  listeners: ({ channel }) => channels[channel].listeners().map(({ id }) => id),
  cut: ({ channel }) => channels[channel].listeners().forEach((listener) => listener.stopSync()),
  say: ({ room, payload }) => rooms.get(room).broadcast({ type: 'news', payload }),
  errors: () => errors,
  stop: () => (stop(), stopAlone()),
};
globalThis.addEventListener('message', ({ data: { command, ...given }, ports: [port] }) =>
  port.postMessage(COMMANDS[command](given) ?? null),
);
globalThis.addEventListener('install', () => globalThis.skipWaiting());
globalThis.addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));

// The page of a browser that nobody drives: it starts the context that its address names, and posts
// the answers in their order.

import { runIn } from './browser-window.mjs';

let sending = Promise.resolve();
const post = (told) =>
  (sending = sending.then(() => fetch('/told', { method: 'POST', body: JSON.stringify(told) })).then(() => {}));

globalThis.tell = (runtime, answer) => post({ runtime, answer });
const runtime = new URL(location.href).searchParams.get('run');
runIn(runtime).then(
  (problem) => post({ runtime, done: true, problem }),
  (error) => post({ runtime, done: true, problem: String(error?.stack ?? error) }),
);

// A dedicated or shared worker.

import { runHere } from './browser-run.mjs';

const start = ({ data }) => void runHere(data);
globalThis.addEventListener('message', start);
globalThis.addEventListener('connect', ({ ports: [port] }) => {
  port.addEventListener('message', start);
  port.start();
});

// eric-sse/service-worker: channels for the pages of a service worker. Loads no WebAssembly: the channel's own entry does.

export type { ResponseOptions } from '../respond.js';
export type { Route, Routed, Routes } from '../service-worker.js';
export { answer } from '../service-worker.js';

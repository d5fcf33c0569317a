// eric-sse/service-worker: channels for the pages of a service worker. Loads no WebAssembly: the
// channel's own entry does.

export type { ResponseOptions } from '../response/options.js';
export type { Route, Routed, Routes } from '../servers/service-worker/answer.js';
export { answer } from '../servers/service-worker/answer.js';

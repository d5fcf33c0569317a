/**
 * Channels for the pages of a service worker. Loads no WebAssembly: the channel's own entry does.
 *
 * @module eric-sse/service-worker
 */

export type { ResponseOptions } from '../response/options.js';
export type { Route, Routed, Routes } from '../servers/service-worker/answer.js';
export { answer } from '../servers/service-worker/answer.js';

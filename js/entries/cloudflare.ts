/**
 * Channels in Durable Objects. The core, and every class of it, is that of `eric-sse`.
 *
 * @module eric-sse/cloudflare
 */

import { load } from '../wasm/module.js';
import module from './eric_sse_bg.wasm';

load(module);

export { ChannelObject } from '../cloudflare/object/channel-object.js';
export type { ObjectBroadcastOptions, ObjectListenerOptions } from '../cloudflare/object/options.js';
export type { RelayOptions, RelayTarget } from '../cloudflare/worker/relay.js';
export { relay } from '../cloudflare/worker/relay.js';
export type { ChannelNamespace, ChannelTreeOptions, TreeStats } from '../cloudflare/worker/tree.js';
export { ChannelTree } from '../cloudflare/worker/tree.js';
export * from '../index.js';

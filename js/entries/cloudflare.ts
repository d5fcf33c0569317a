// eric-sse/cloudflare: channels in Durable Objects. The core, and every class of it, is that of `eric-sse`.

import module from './eric_sse_bg.wasm';
import { load } from '../runtime.js';

load(module);

export { ChannelObject } from '../cloudflare/channel-object.js';
export type { ObjectBroadcastOptions, ObjectListenerOptions } from '../cloudflare/channel-object.js';
export { relay } from '../cloudflare/relay.js';
export type { RelayOptions, RelayTarget } from '../cloudflare/relay.js';
export { ChannelTree } from '../cloudflare/tree.js';
export type { ChannelNamespace, ChannelTreeOptions, TreeStats } from '../cloudflare/tree.js';
export * from '../index.js';

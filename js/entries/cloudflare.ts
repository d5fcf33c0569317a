// eric-sse/cloudflare: channels in Durable Objects. The core, and every class of it, is that of `eric-sse`.

import { load } from '../runtime.js';
import module from './eric_sse_bg.wasm';

load(module);

export type { ObjectBroadcastOptions, ObjectListenerOptions } from '../cloudflare/channel-object.js';
export { ChannelObject } from '../cloudflare/channel-object.js';
export type { RelayOptions, RelayTarget } from '../cloudflare/relay.js';
export { relay } from '../cloudflare/relay.js';
export type { ChannelNamespace, ChannelTreeOptions, TreeStats } from '../cloudflare/tree.js';
export { ChannelTree } from '../cloudflare/tree.js';
export * from '../index.js';

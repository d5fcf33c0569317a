/**
 * Several channels on one connection. Loads no WebAssembly: the channels' own entry does.
 *
 * @module eric-sse/multiplex
 */

export { ChannelsClosedException, ChannelsRefusedException } from '../multiplex/errors.js';
export { Multiplexer } from '../multiplex/multiplexer.js';
export type { ChannelsByName, MultiplexOptions, PerChannelOptions } from '../multiplex/options.js';

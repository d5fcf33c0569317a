// eric-sse/backend: channels that are stored, and shared by processes. The core, and every class of
// it, is that of `eric-sse`.

// The build makes it `./index.js`, which loads the WebAssembly that it holds.
import './inline.js';

export type * from '../backend/contract.js';
export { BackendException } from '../backend/exceptions.js';
export { openChannel, StoredChannel, type StoredChannelOptions } from '../backend/stored-channel.js';
export * from '../index.js';

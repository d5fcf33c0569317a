// eric-sse: messaging over Server-Sent Events. The public names; the entries load the WebAssembly.

export { AbstractChannel } from './channel.js';
export type { ChannelOptions, StreamOptions, WatchOptions } from './channel.js';
export { ChannelContainer } from './container.js';
export {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  NoMessagesException,
} from './errors.js';
export type { AnyEvents, ClosedEvent, ClosedMessage, EventMap, EventTypes, MessageLike, MessageOf, SSEEvent } from './events.js';
export type { HeadersLike } from './headers.js';
export { MessageQueueListener } from './listener.js';
export type { ListenerOptions } from './listener.js';
export { Message } from './message.js';
export type { MessageConstructor } from './message.js';
export type { OwnedStream } from './owned.js';
export { SSEChannel } from './sse.js';
export type { RequestLike, ResponseOptions, SSEChannelOptions } from './sse.js';

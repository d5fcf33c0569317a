// eric-sse: messaging over Server-Sent Events. The public names; the entries load the WebAssembly.

export type { BroadcastOptions, ChannelOptions, RegisterOptions, StreamOptions, WatchOptions } from './channel.js';
export { AbstractChannel } from './channel.js';
export type { CloseReason, CloseReport, LivenessOptions } from './connection.js';
export { ChannelContainer } from './container.js';
export type { DrainOptions } from './drain.js';
export {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  NoMessagesException,
  QueueFullException,
} from './errors.js';
export type {
  AnyEvents,
  ClosedEvent,
  ClosedMessage,
  EventMap,
  EventTypes,
  Gap,
  GapEvent,
  GapMessage,
  MessageLike,
  MessageOf,
  SSEEvent,
} from './events.js';
export type { FilterOptions } from './filter.js';
export type { HeadersLike } from './headers.js';
export type { RequestLike } from './last-event-id.js';
export type { HistoryOptions, Overflow, QueueOptions } from './limits.js';
export type { ListenerOptions } from './listener.js';
export { MessageQueueListener } from './listener.js';
export type { MessageConstructor } from './message.js';
export { Message } from './message.js';
export type { OwnedStream } from './owned.js';
export type { ResponseOptions } from './respond.js';
export type { SSEChannelOptions } from './sse.js';
export { SSEChannel } from './sse.js';
export type { ChannelStats, ListenerStats } from './stats.js';

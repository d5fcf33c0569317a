// eric-sse: messaging over Server-Sent Events. The public names; the entries load the WebAssembly.

export { AbstractChannel } from './channel/channel.js';
export type { OwnedStream } from './channel/custom-stream.js';
export type { CloseReason } from './channel/ending.js';
export type { ListenerOptions } from './channel/listener.js';
export { MessageQueueListener } from './channel/listener.js';
export type {
  BroadcastOptions,
  ChannelOptions,
  RegisterOptions,
  StreamOptions,
  WatchOptions,
} from './channel/options.js';
export {
  InvalidChannelException,
  InvalidListenerException,
  InvalidMessageFormat,
  NoMessagesException,
  QueueFullException,
} from './model/errors.js';
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
} from './model/event-types.js';
export type { FilterOptions } from './model/filter.js';
export type { HistoryOptions, Overflow, QueueOptions } from './model/limits.js';
export type { MessageConstructor } from './model/message.js';
export { Message } from './model/message.js';
export type { ChannelStats, ListenerStats } from './model/stats.js';
export type { AccessOptions, CorsOptions } from './response/access.js';
export type { DrainOptions } from './response/drain.js';
export type { HeadersLike } from './response/headers.js';
export type { CloseReport, LivenessOptions } from './response/liveness.js';
export type { ResponseOptions } from './response/options.js';
export type { RequestLike } from './response/request-id.js';
export { ChannelContainer } from './sse/container.js';
export type { NamedChannelOptions } from './sse/named.js';
export type { SSEChannelOptions } from './sse/settings.js';
export { SSEChannel } from './sse/sse-channel.js';

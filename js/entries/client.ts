/**
 * Reads event streams. It has nothing of the core, and loads no WebAssembly.
 *
 * @module eric-sse/client
 */

export {
  ChannelConnection,
  type ChannelEnded,
  type ChannelEvent,
  type ConnectChannelsOptions,
  connectChannels,
} from '../client/channels/connect-channels.js';
export { Connection, connect } from '../client/connect.js';
export {
  type DecoderOptions,
  EventStreamDecoder,
  EventTooLargeError,
  type ReceivedEvent,
} from '../client/decoder/decoder.js';
export { EventStream, EventStreamDecoderStream } from '../client/decoder/event-stream.js';
export { ConnectionError, InvalidEventError, ResponseError } from '../client/errors.js';
export { EventSource, type EventSourceOptions, type ReceivedMessage } from '../client/event-source.js';
export type {
  ClientEvent,
  ConnectionEnd,
  ConnectOptions,
  ConnectTarget,
  GapReceived,
  StateChange,
} from '../client/options.js';
export type { Attempt, BodyLike, HeadersLike, PerAttempt, RequestOptions, Target } from '../client/request.js';
export type { EventsOf, Schemas, StandardSchema, Validated } from '../client/schema.js';
export {
  type ConnectSharedOptions,
  closeShared,
  connectShared,
  type ShareOptions,
} from '../client/shared/connect-shared.js';
export type { Gap } from '../model/event-types.js';

// eric-sse/client: reads event streams. It has nothing of the core, and loads no WebAssembly.

export {
  type DecoderOptions,
  EventStreamDecoder,
  EventTooLargeError,
  type ReceivedEvent,
} from '../client/decoder/decoder.js';
export { EventStream, EventStreamDecoderStream } from '../client/decoder/event-stream.js';

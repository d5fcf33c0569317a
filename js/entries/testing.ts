// eric-sse/testing: a client of responses, faults and a clock, for tests without a server. It has nothing of the core.

export { collect, TestClient, type CollectOptions, type ResponseLike } from '../testing/client.js';
export { VirtualClock } from '../testing/clock.js';
export { broken, halfOpen, split } from '../testing/faults.js';
export { EventStreamInterpreter, type ReceivedEvent } from '../testing/interpreter.js';

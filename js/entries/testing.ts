/**
 * A client of responses, faults and a clock, for tests without a server. It has nothing of the
 * core.
 *
 * @module eric-sse/testing
 */

export { type CollectOptions, collect, type ResponseLike, TestClient } from '../testing/client.js';
export { VirtualClock } from '../testing/clock.js';
export { broken, halfOpen, split } from '../testing/faults.js';
export { EventStreamInterpreter, type ReceivedEvent } from '../testing/interpreter.js';

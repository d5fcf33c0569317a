// eric-sse/testing.

import { SSEChannel } from 'eric-sse';
import {
  broken,
  type CollectOptions,
  collect,
  EventStreamInterpreter,
  halfOpen,
  type ReceivedEvent,
  split,
  TestClient,
  VirtualClock,
} from 'eric-sse/testing';
import { some } from '../support.js';

// claim: a client of responses, of any server
collect(some<Response>()) satisfies Promise<ReceivedEvent[]>;
collect(new SSEChannel().response(), { n: 1, timeoutSeconds: 2 }) satisfies Promise<ReceivedEvent[]>;
collect({ status: 200, body: some<Response>().body });
some<CollectOptions>().n satisfies number | undefined;

// claim: a client step by step
const client = new TestClient(new SSEChannel().response());
client.take(2, 1) satisfies Promise<ReceivedEvent[]>;
client.rest() satisfies Promise<ReceivedEvent[]>;
client.leave() satisfies Promise<void>;
client.events satisfies readonly ReceivedEvent[];
client.lastEventId satisfies string;
client.retryMilliseconds satisfies number | undefined;
client.comments satisfies number;
client.ended satisfies boolean;

// claim: faults
split(some<Response>()) satisfies Response;
split(some<Response>(), [1, 2]) satisfies Response;
broken(some<Response>(), 10) satisfies Response;
halfOpen(some<Response>(), 3) satisfies Promise<TestClient>;

// claim: a clock
const clock = new VirtualClock();
clock.advance(60) satisfies Promise<void>;
clock.seconds satisfies number;
clock.restore();

// claim: bytes and events
const interpreter = new EventStreamInterpreter();
interpreter.push(new Uint8Array());
interpreter.events satisfies readonly { type: string; data: string; lastEventId: string }[];

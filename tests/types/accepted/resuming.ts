// Bounds, replay, the life of a response, filters, endings and counters.

import {
  AbstractChannel,
  type BroadcastOptions,
  ChannelContainer,
  type ChannelStats,
  type CloseReason,
  type CloseReport,
  type DrainOptions,
  type Gap,
  type GapEvent,
  type GapMessage,
  type HistoryOptions,
  type ListenerStats,
  type MessageOf,
  MessageQueueListener,
  type Overflow,
  QueueFullException,
  type QueueOptions,
  type RegisterOptions,
  type ResponseOptions,
  SSEChannel,
  type SSEEvent,
} from 'eric-sse';
import { type Events, holds, type Same, some } from '../support.js';

const channel = new SSEChannel<Events>();
const listener = channel.addListener();

// claim: a channel takes a history, in part or whole
new SSEChannel({ history: {} });
new SSEChannel({ history: { messages: 10, bytes: 1024, seconds: 60 } });
new SSEChannel({ history: { messages: Infinity, bytes: undefined } });
new ChannelContainer().add({ history: { messages: 0 } });
new (class extends AbstractChannel {})({ history: { seconds: 1 } });
some<HistoryOptions>().seconds satisfies number | undefined;

// claim: queues are bounded wherever a listener is registered
const queue: QueueOptions = { messages: 10, bytes: Infinity, overflow: 'refuse' };
channel.watch({ queue });
channel.registerListener(new MessageQueueListener<Events>(), { queue: { overflow: 'drop-oldest' } });
channel.addListener(MessageQueueListener<Events>, { queue });
channel.addListener(undefined, { queue });
channel.response(null, { queue: { overflow: 'disconnect', messages: undefined } });
holds<Same<Overflow, 'drop-oldest' | 'disconnect' | 'refuse'>>();

// claim: a last event ID is a string, wherever one goes on
channel.watch({ lastEventId: channel.lastEventId });
channel.registerListener(new MessageQueueListener<Events>(), { lastEventId: 'x' });
channel.response(new Request('https://example.org/'), { lastEventId: undefined });
channel.response({ method: 'GET', signal: new AbortController().signal, url: '/x', headers: { get: () => null } });
holds<Same<typeof channel.lastEventId, string>>();

// claim: a gap narrows by its event
async function gaps(): Promise<void> {
  for await (const item of channel.watch()) {
    if (item.event !== '_eric_gap') continue;
    item satisfies GapEvent;
    holds<Same<typeof item.data, Gap>>();
    holds<Same<typeof item.id, string>>();
    holds<Same<typeof item.data.from, string | null>>();
    item.data.missed satisfies number | undefined;
  }
}

// claim: the reasons of a gap are exhaustive
function why(gap: Gap): string {
  switch (gap.reason) {
    case 'overflow':
    case 'expired':
      return `${gap.missed} messages`;
    case 'forgotten':
    case 'epoch':
    case 'unknown':
      return gap.to;
  }
}

// claim: adapt gets a gap as a message
class Adapting extends SSEChannel<{ tick: number }, string> {
  protected override adapt(
    message: Parameters<SSEChannel<{ tick: number }>['adapt']>[0],
    id: string | undefined,
  ): string {
    if (message.type === '_eric_gap') {
      message satisfies GapMessage;
      return message.payload.reason;
    }
    return message.type === 'tick' ? message.payload.toFixed() : `${id}`;
  }
}

// claim: filters see the messages of the channel, narrowed by their types
channel.watch({ filter: (message) => message.type === 'tick' && message.payload > 1 });
channel.watch({ filter: (message) => (message satisfies MessageOf<Events>).type !== 'tick', events: ['tick', 'no*'] });
channel.response(null, { filter: ({ type }) => type === 'tick', events: ['*'] as const });
channel.registerListener(listener, { filter: () => true, events: some<readonly string[]>() });

// claim: a broadcast leaves out a listener, an id, or a list of both
channel.broadcast({ type: 'tick', payload: 1 }, { except: 'id' });
channel.broadcast({ type: 'tick', payload: 1 }, { except: listener as MessageQueueListener });
channel.broadcast({ type: 'tick', payload: 1 }, { except: ['id', new MessageQueueListener()] });
channel.broadcast({ type: 'tick', payload: 1 }, { except: undefined });
channel.broadcast({ type: 'tick', payload: 1 }, some<BroadcastOptions>());

// claim: the life of a response is bounded in seconds
channel.response(null, {
  heartbeatSeconds: 15,
  stallSeconds: 60,
  maxDurationSeconds: 3600,
  listener: 'x',
  resumeSeconds: 30,
});
channel.response(null, { heartbeatSeconds: 0, stallSeconds: undefined });
channel.response(null, { listener: 'id', resumeSeconds: 30 });
channel.response(null, { listener: new MessageQueueListener<Events>() });
some<ResponseOptions<Events>>().resumeSeconds satisfies number | undefined;
some<RegisterOptions<Events>>().events satisfies readonly string[] | undefined;

// claim: onClose receives the reason, the listener and its counters
channel.response(null, {
  onClose({ reason, listener, stats }) {
    holds<Same<typeof reason, CloseReason>>();
    listener.id satisfies string;
    stats satisfies ListenerStats;
    if (reason === 'stalled' || reason === 'full') stats.dropped.overflow satisfies number;
  },
});
const onClose = (report: CloseReport): void => void report;
channel.response(null, { onClose });

// claim: a full queue names the listeners, and gives the message back
try {
  channel.broadcast({ type: 'tick', payload: 1 });
} catch (error) {
  if (error instanceof QueueFullException) {
    holds<Same<typeof error.code, 'ERIC_QUEUE_FULL'>>();
    error.listeners satisfies readonly string[];
    holds<Same<typeof error.refused, unknown>>();
  }
}

// claim: channels and containers are drained, closed and gone
async function ending(): Promise<void> {
  holds<Same<ReturnType<typeof channel.drain>, Promise<void>>>();
  await channel.drain();
  await channel.drain({ seconds: 10, retryMilliseconds: 5000 });
  await channel.drain({ seconds: undefined });
  await new ChannelContainer().drain(some<DrainOptions>());
  new ChannelContainer().close();
  channel.gone();
}

// claim: counters are numbers
const stats: ChannelStats = channel.stats();
const counts: ListenerStats = listener.stats();
stats.history.messages + stats.refused.full + counts.lag + counts.refused.filter + (stats.ended['stalled'] ?? 0);
holds<Same<[string, boolean, number], [typeof stats.id, typeof stats.closed, typeof stats.broadcasts]>>();

export type { SSEEvent };
export { Adapting, ending, gaps, why };

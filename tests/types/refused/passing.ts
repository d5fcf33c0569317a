// Channels that may not stand for one another.

import { type AbstractChannel, ChannelContainer, SSEChannel } from 'eric-sse';
import { type Events, some } from '../support.js';

class Room extends SSEChannel<Events> {
  title = '';
}

// claim: a channel of other events is refused
function watch(channel: SSEChannel<Events>): void {
  channel.watch();
}
// @ts-expect-error TS2345: none of them
watch(new SSEChannel<{ other: string }>());
// @ts-expect-error TS2345: another payload
watch(some<SSEChannel<Omit<Events, 'tick'> & { tick: string }>>());

// claim: a channel with more events is refused where it is read
// @ts-expect-error TS2345: readers would get `more`
watch(some<SSEChannel<Events & { more: number }>>());

// claim: a channel with fewer events is refused where it is sent to
// @ts-expect-error TS2345: senders would send the others
watch(new SSEChannel<{ tick: number }>());

// claim: a channel without types is not taken for a typed one by itself
const untyped = new SSEChannel();
// @ts-expect-error TS2345: it may yield anything
watch(untyped);

// claim: a container of one kind of channel takes no other
// @ts-expect-error TS2345: other events
new ChannelContainer<SSEChannel<Events>>().register(new SSEChannel<{ other: string }>());
// @ts-expect-error TS2345: no Room
new ChannelContainer<Room>().register(new SSEChannel<Events>());

// claim: a container of a subclass does not make its channels
// @ts-expect-error TS2684: add makes an SSEChannel
new ChannelContainer<Room>().add();

// claim: a container holds channels only
// @ts-expect-error TS2344: no channel
new ChannelContainer<Date>();
// @ts-expect-error TS2345: its id
new ChannelContainer().register('id');
// @ts-expect-error TS2345: a channel is removed by its id
new ChannelContainer().rm(new SSEChannel());

// claim: options of a container's channels are checked
// @ts-expect-error TS2353: it is called streamDelaySeconds
new ChannelContainer().add({ streamDelay: 1 });

// claim: a channel of any class has no response
// @ts-expect-error TS2339: an SSEChannel has
some<AbstractChannel>().response();

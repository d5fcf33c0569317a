// Listeners that do not fit.

import { type MessageOf, MessageQueueListener, SSEChannel } from 'eric-sse';
import { type Events, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: a listener of other events is refused
// @ts-expect-error TS2345: none of the channel's events
channel.registerListener(new MessageQueueListener<{ other: string }>());
// @ts-expect-error TS2345: another payload
channel.registerListener(new MessageQueueListener<{ tick: string }>());
// @ts-expect-error TS2322: another payload
channel.watch({ listener: new MessageQueueListener<{ tick: string }>() });
// @ts-expect-error TS2322: another payload
channel.response(null, { listener: new MessageQueueListener<{ tick: string }>() });

// claim: a listener that does not expect all of the channel's events is refused
// @ts-expect-error TS2345: it would be shown the others too
channel.registerListener(new MessageQueueListener<{ tick: number }>());
// @ts-expect-error TS2345: it would be shown the others too
channel.messageStream(some<MessageQueueListener<{ tick: number }>>());

// claim: onMessage does not take other messages than the listener
// @ts-expect-error TS2322: another payload
new MessageQueueListener<Events>({ onMessage: (message: MessageOf<{ tick: string }>) => void message });
new MessageQueueListener<Events>({
  onMessage(message) {
    // @ts-expect-error TS2339: not every payload has a text
    message.payload?.text;
  },
});

// claim: an override of onMessage for other messages is refused
export class Wrong extends MessageQueueListener<Events> {
  // @ts-expect-error TS2416: another payload
  override onMessage(message: MessageOf<{ tick: string }>): void {
    void message;
  }
}

// claim: options of a listener are checked
// @ts-expect-error TS2322: an id is a string
new MessageQueueListener({ id: 1 });
// @ts-expect-error TS2561: it is called onMessage
new MessageQueueListener({ on_message: () => {} });
// @ts-expect-error TS2322: a function
new MessageQueueListener({ onMessage: 'log' });

// claim: addListener takes a class that is made without arguments
class Named extends MessageQueueListener<Events> {
  constructor(readonly title: string) {
    super();
  }
}
// @ts-expect-error TS2345: it wants a title
channel.addListener(Named);
// @ts-expect-error TS2345: an instance
channel.addListener(new MessageQueueListener<Events>());
// @ts-expect-error TS2345: a class of something else
channel.addListener(Date);

// claim: addListener does not return a class that it was not given
// @ts-expect-error TS2554: the class is missing
channel.addListener<Named>();

// claim: what is no listener is not registered
// @ts-expect-error TS2345: its id
channel.registerListener('id');
// @ts-expect-error TS2345: only looks like one
channel.registerListener({ id: 'a', onMessage() {}, startSync() {}, stopSync() {} });
// @ts-expect-error TS2345: a listener is removed by its id
channel.removeListener(channel.addListener());

// claim: a listener's id is read-only
// @ts-expect-error TS2540: read-only
channel.addListener().id = 'a';

// claim: whether a listener is running is not read without await
// @ts-expect-error TS2801: a promise is always true
if (channel.addListener().isRunning()) some();

// Listeners, handed in, subclassed and registered.

import { type ListenerOptions, type Message, type MessageOf, MessageQueueListener, SSEChannel } from 'eric-sse';
import { type Events, holds, type Same, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: the message of onMessage is typed by the listener's events
new MessageQueueListener<Events>({
  onMessage(message) {
    holds<Same<typeof message, MessageOf<Events>>>();
    if (message.type === 'tick') message.payload.toFixed();
  },
});

// claim: the message of onMessage is typed by the channel that the listener is made for
channel.registerListener(
  new MessageQueueListener({ onMessage: (message) => holds<Same<typeof message, MessageOf<Events>>>() }),
);
channel.watch({
  listener: new MessageQueueListener({ onMessage: (message) => holds<Same<typeof message, MessageOf<Events>>>() }),
});
channel.response(null, {
  listener: new MessageQueueListener({ onMessage: (message) => holds<Same<typeof message, MessageOf<Events>>>() }),
});

// claim: onMessage may be asynchronous, or assigned later
new MessageQueueListener({ onMessage: async (message) => void message.payload });
const later = new MessageQueueListener<Events>();
later.onMessage = (message) => void message.type;
later.onMessage = async () => {};

// claim: a subclass may override onMessage, asynchronously too
class Counter extends MessageQueueListener<Events> {
  count = 0;
  override onMessage(message: MessageOf<Events>): void {
    if (message.type === 'tick') this.count += message.payload;
  }
}
class Slow extends MessageQueueListener<Events> {
  override async onMessage(message: MessageOf<Events>): Promise<void> {
    await message.payload;
  }
}
class Logger extends MessageQueueListener {
  override onMessage(message: Message): void {
    console.log(message.type, message.payload);
  }
}
channel.registerListener(new Slow());

// claim: addListener returns an instance of the class that it is given
channel.addListener(Counter).count satisfies number;
holds<Same<ReturnType<typeof added>, MessageQueueListener<Events>>>();
const added = () => channel.addListener();
channel.addListener(MessageQueueListener) satisfies MessageQueueListener;

// claim: a listener without types can be registered everywhere
channel.registerListener(new MessageQueueListener());
const plain = new MessageQueueListener();
channel.registerListener(plain);
channel.registerListener(new Logger());
channel.addListener(Logger);
channel.watch({ listener: plain });
channel.response(null, { listener: plain });
channel.messageStream(plain);
const hears = new MessageQueueListener({ onMessage: (message: Message) => console.log(message.type) });
channel.registerListener(hears);

// claim: a typed listener can be registered with a channel without types
new SSEChannel().registerListener(new MessageQueueListener<Events>());
new SSEChannel().addListener(Counter).count satisfies number;

// claim: a listener can be made for one event type of a smaller channel
const ticks = new SSEChannel<Pick<Events, 'tick'>>();
ticks.registerListener(
  new MessageQueueListener<{ tick: number }>({ onMessage: ({ payload }) => void payload.toFixed() }),
);

// claim: the listener's own methods are typed
holds<
  Same<
    [Promise<void>, void, Promise<boolean>, boolean, string],
    [
      ReturnType<Counter['start']>,
      ReturnType<Counter['stopSync']>,
      ReturnType<Counter['isRunning']>,
      ReturnType<Counter['isRunningSync']>,
      Counter['id'],
    ]
  >
>();

// claim: listeners that a channel returns are of its events
channel.getListener('id') satisfies MessageQueueListener<Events>;
holds<Same<ReturnType<typeof all>, MessageQueueListener<Events>[]>>();
const all = () => channel.listeners();

// claim: options of a listener may be kept in a variable
const options: ListenerOptions<Events> = { id: 'a', onMessage: ({ type }) => void type };
new MessageQueueListener(options) satisfies MessageQueueListener<Events>;
new MessageQueueListener<Events>({ id: undefined, onMessage: undefined });
new MessageQueueListener(some<ListenerOptions<Events> | undefined>());

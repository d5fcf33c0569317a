// The bundled parts: something of the default entry, and something of slim.
import { SSEChannel } from 'eric-sse';
import { Message } from 'eric-sse/slim';

const channel = new SSEChannel();
const stream = channel.watch();
channel.broadcast(new Message('tick', 1));
channel.close();
for await (const { event, data } of stream) console.log(event, data);

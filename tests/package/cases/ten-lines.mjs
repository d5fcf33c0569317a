import { SSEChannel } from 'eric-sse';

const channel = new SSEChannel();
const [alice, bob] = [channel.addListener(), channel.addListener()];
await Promise.all([alice.start(), bob.start()]);
channel.broadcast({ type: 'news', payload: 'hello everybody' });
channel.dispatch(alice.id, { type: 'news', payload: { to: 'alice' } });
channel.broadcast({ type: 'tick', payload: 3 });
channel.close();
for await (const event of channel.messageStream(alice)) console.log('alice', JSON.stringify(event));
for await (const event of channel.messageStream(bob)) console.log('bob', JSON.stringify(event));

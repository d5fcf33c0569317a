const { SSEChannel, Message } = require('eric-sse');
const channel = new SSEChannel();
const [alice, bob] = [channel.addListener(), channel.addListener()];
for (const listener of [alice, bob]) listener.startSync();
channel.broadcast(new Message('news', 'hello everybody'));
channel.dispatch(alice.id, new Message('news', { to: 'alice' }));
channel.broadcast(new Message('tick', 3));
channel.close();
const print = async (name, stream) => {
  for await (const event of stream) console.log(name, JSON.stringify(event));
};
print('alice', channel.messageStream(alice)).then(() => print('bob', channel.messageStream(bob)));

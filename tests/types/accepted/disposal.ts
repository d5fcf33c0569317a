// `using`, where the program's lib has the symbols.

import { ChannelContainer, SSEChannel } from 'eric-sse';
import { type Events, holds, type Same } from '../support.js';

// claim: a channel and a container can be used
function used(): void {
  using channel = new SSEChannel<Events>();
  using container = new ChannelContainer();
  container.register(channel);
}

// claim: a watched stream can be used, and read on
async function watched(channel: SSEChannel<Events>): Promise<void> {
  await using stream = channel.watch();
  const { value } = await stream.next();
  if (value?.event === 'tick') holds<Same<typeof value.data, number>>();
}

// claim: they go where a Disposable or AsyncDisposable is asked for
const channel: Disposable = new SSEChannel();
const container: Disposable = new ChannelContainer();
const stream: AsyncDisposable = new SSEChannel().watch();

export { channel, container, stream, used, watched };

// The page shows this text when the package works in it.
import { SSEChannel } from 'eric-sse';

async function say() {
  const channel = new SSEChannel();
  const stream = channel.watch();
  channel.broadcast({ type: 'tick', payload: 1 });
  channel.close();
  const said = [];
  for await (const { event, data } of stream) said.push(`${event} ${data}`);
  const response = channel.closed ? new SSEChannel().response() : undefined;
  const { value } = await response.body.getReader().read();
  said.push(new TextDecoder().decode(value).split('\n')[0]);
  globalThis.said = said.join(', ');
}

say().catch((error) => (globalThis.said = String(error)));

// A response, read to its end.
import { SSEChannel } from 'eric-sse';

const channel = new SSEChannel({ retryTimeoutMilliseconds: 1000 });
const response = channel.response(new Request('http://localhost/'));
channel.broadcast({ type: 'news', payload: 'two\nlines' });
channel.close();
console.log(response.headers.get('content-type'), channel.listenerCount);
console.log(JSON.stringify(await response.text()), channel.listenerCount);

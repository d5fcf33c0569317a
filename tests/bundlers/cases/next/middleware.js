import { SSEChannel } from 'eric-sse';

export const config = { matcher: '/middleware' };

export function middleware(request) {
  const channel = new SSEChannel();
  const response = channel.response(request);
  channel.broadcast({ type: 'tick', payload: 1 });
  channel.close();
  return response;
}

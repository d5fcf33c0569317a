export const runtime = 'edge';

import { SSEChannel } from 'eric-sse';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const channel = new SSEChannel();
  const response = channel.response(request);
  channel.broadcast({ type: 'tick', payload: 1 });
  channel.close();
  return response;
}

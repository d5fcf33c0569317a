// TabFeed: a channel that all tabs of a browser read over one connection. Its numbered ticks say
// how many connections there are.

import { Ticker } from './ticker.mjs';

const PER_SECOND = 4;

/**
 * Makes the answers to requests for the feed.
 *
 * @param {typeof import('eric-sse').SSEChannel} SSEChannel
 * @returns {(request: Request) => Response}
 */
export function tabFeed(SSEChannel) {
  // #region shown
  const channel = new SSEChannel({ retryTimeoutMilliseconds: 500 });
  let number = 0;
  const ticker = new Ticker(PER_SECOND, () => {
    const { listenerCount } = channel;
    if (listenerCount === 0) return ticker.stop();
    channel.broadcast({ type: 'tick', payload: { number: ++number, connections: listenerCount } });
  });
  return (request) => {
    const response = channel.response(request);
    ticker.start();
    return response;
  };
  // #endregion
}

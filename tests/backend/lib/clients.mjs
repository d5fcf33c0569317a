// Clients of a channel in this process.

import { TestClient } from 'eric-sse/testing';

/**
 * @param {import('eric-sse').SSEChannel} channel
 * @param {string} [lastEventId]
 * @param {import('eric-sse').ResponseOptions} [options]
 */
export const client = (channel, lastEventId, options) =>
  new TestClient(channel.response(null, { ...options, lastEventId }));

/** @param {{ type: string, data: string }[]} events */
export const shown = (events) => events.map(({ type, data }) => (type === '_eric_gap' ? JSON.parse(data) : data));

/** @param {number} from @param {number} to */
export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

// From the import to the first message, and what is imported weighs.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { absolute, difference } from '../lib/aims.mjs';
import { check, LIMIT, OURS } from '../lib/case.mjs';
import { TYPE } from '../lib/messages.mjs';
import { peer } from '../lib/peers.mjs';

const [NODE, WORKERD, SIZE] = ['Node: import to first message', 'workerd: first request', 'size'];
const INDEX = fileURLToPath(new URL('../../../dist/index.js', import.meta.url));

const WATCH = `${OURS}, watch()`;

/** The work that a variant asks for. */
const [IN_NODE, IN_WORKERD, WEIGHS] = [0, 1, 2];

/**
 * @param {() => Promise<{ response: Response, send: () => void }>} begin
 * @param {number} start
 */
async function firstMessage(begin, start) {
  const { response, send } = await begin();
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  send();
  for (let text = ''; !/^data: ?1$/m.test(text); ) {
    const { done, value } = await reader.read();
    check(!done, 'the response has ended');
    text += Buffer.from(value).toString();
  }
  return { start: performance.now() - start };
}

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'From import to the first message; size',
  measures: {
    start: { unit: 'ms from the import to the first message', less: true, digits: 2 },
    import: { unit: 'ms of that for the import', less: true, digits: 2 },
    first: { unit: 'ms from the first request to its first message', less: true, digits: 1 },
    later: { unit: 'ms, the tenth request', less: true, digits: 1 },
    size: { unit: 'bytes, bundled, minified and gzipped', less: true },
  },
  variants: (quick) => [
    { name: NODE, settings: { what: IN_NODE } },
    ...(quick ? [] : [{ name: WORKERD, settings: { what: IN_WORKERD } }]),
    { name: SIZE, settings: { what: WEIGHS } },
  ],
  contestants: {
    [OURS]: async ({ what }) => {
      if (what === WEIGHS) return { size: await (await import('../lib/size.mjs')).gzippedSize(INDEX, 'browser') };
      if (what === IN_WORKERD) {
        return (await import('../lib/workerd.mjs')).firstRequest(`
          import { SSEChannel } from './workerd.js';
          export default {
            fetch(request) {
              const channel = new SSEChannel();
              const response = channel.response(request);
              channel.broadcast({ type: 'tick', payload: 1 });
              return response;
            },
          };
        `);
      }
      const start = performance.now();
      const { SSEChannel } = await import('../../../dist/index.js');
      const imported = performance.now() - start;
      const channel = new SSEChannel();
      const begin = async () => ({
        response: channel.response(),
        send: () => channel.broadcast({ type: TYPE, payload: 1 }),
      });
      return { ...(await firstMessage(begin, start)), import: imported };
    },
    [WATCH]: async ({ what }) => {
      if (what !== IN_NODE) return {};
      const start = performance.now();
      const { SSEChannel } = await import('../../../dist/index.js');
      const imported = performance.now() - start;
      const channel = new SSEChannel();
      const stream = channel.watch();
      channel.broadcast({ type: TYPE, payload: 1 });
      const { value } = await stream.next();
      check(value?.data === 1, 'another message came first');
      return { start: performance.now() - start, import: imported };
    },
    [LIMIT]: async ({ what }) => {
      if (what === WEIGHS) return {};
      if (what === IN_WORKERD) {
        return (await import('../lib/workerd.mjs')).firstRequest(`
          export default {
            fetch() {
              const start = (controller) => controller.enqueue(new TextEncoder().encode('event: tick\\ndata: 1\\n\\n'));
              // A response that nothing can go on with is taken for one that hangs.
              setTimeout(() => {}, 10_000);
              return new Response(new ReadableStream({ start }), { headers: { 'Content-Type': 'text/event-stream' } });
            },
          };
        `);
      }
      const start = performance.now();
      /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
      let client;
      const response = new Response(new ReadableStream({ start: (controller) => void (client = controller) }));
      return firstMessage(
        async () => ({ response, send: () => client?.enqueue(Buffer.from('event: tick\ndata: 1\n\n')) }),
        start,
      );
    },
    'better-sse': async ({ what }) => {
      if (what === WEIGHS) {
        const entry = path.join(String(process.env.ERIC_PEERS), 'node_modules/better-sse/build/index.mjs');
        return { size: await (await import('../lib/size.mjs')).gzippedSize(entry, 'node') };
      }
      if (what === IN_WORKERD) return {};
      const start = performance.now();
      const { createChannel, createResponse } = await peer('better-sse');
      const imported = performance.now() - start;
      const channel = createChannel();
      const begin = async () => {
        const response = await new Promise((resolve) => {
          const response = createResponse(new Request('http://localhost/'), (/** @type {object} */ session) => {
            channel.register(session);
            resolve(response);
          });
        });
        return { response, send: () => channel.broadcast(1, TYPE) };
      };
      return { ...(await firstMessage(begin, start)), import: imported };
    },
  },
  aims: [
    difference({
      text: 'longer than better-sse, in Node',
      variant: NODE,
      measure: 'start',
      ours: OURS,
      theirs: 'better-sse',
      most: 5,
      unit: 'ms',
    }),
    absolute({
      text: 'from import to first message, in Node',
      variant: NODE,
      of: OURS,
      measure: 'start',
      most: 10,
      unit: 'ms',
    }),
    absolute({
      text: 'from import to first message, in Node, without a Response',
      variant: NODE,
      of: WATCH,
      measure: 'start',
      most: 10,
      unit: 'ms',
    }),
    absolute({
      text: 'of the first request, in workerd',
      variant: WORKERD,
      of: OURS,
      measure: 'first',
      most: 50,
      unit: 'ms',
    }),
  ],
  rounds: 9,
  cannot: [
    'better-sse imports modules of Node, which workerd has only by a flag. The comparison there is with a few hand-written lines.',
  ],
  notes: [
    "By hand, in Node: the platform's own first Response, with nothing imported. The other numbers include that, except those of watch().",
    'Each start is that of a new process, whose files the system has in its cache. In workerd the time is that of a request over HTTP, with Miniflare in front.',
  ],
};

// Bytes to events: the decoder of `eric-sse/client` beside the parser that most clients use.

import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensurePackage } from '../../../scripts/lib/tool-package.mjs';
import { times } from '../lib/aims.mjs';
import { check, OURS } from '../lib/case.mjs';

const PARSER_4 = 'eventsource-parser 4.1.3';
const PARSER_3 = 'eventsource-parser 3.1.1';

/** The events of each shape, by their number. @type {Record<string, (number: number) => string>} */
const SHAPES = {
  'lines of a language model': (n) =>
    `data: {"id":"chatcmpl-8xyz","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":" token${n}"},"finish_reason":null}]}\n\n`,
  'named events of 40 bytes': (n) => `event: tick\nid: ${`${n}`.padStart(6, '0')}\ndata: {"n":${n % 10}}\n\n`,
  'text beyond ASCII': (n) => `data: {"text":"это сообщение номер ${n} 日本語テキスト émoji 😀 данные"}\n\n`,
};
const CHUNKS = [100, 1448, 16_384, 65_536];
const names = Object.keys(SHAPES);
/** @param {string} shape @param {number} chunk */
const variantName = (shape, chunk) => `${shape}, in chunks of ${chunk.toLocaleString('en')} bytes`;

/**
 * How many MB a second a decoder takes, at its best of many times in one process.
 * @param {import('../lib/case.mjs').Settings} settings
 * @param {(chunks: Uint8Array[]) => number} decode returns how many events there were
 */
function rateOf({ shape = 0, chunk = 1, bytes: most = 0, times = 1 }, decode) {
  const event = SHAPES[String(names[shape])];
  let text = '';
  let count = 0;
  while (text.length < most) text += event?.(count++);
  const bytes = new TextEncoder().encode(text);
  /** @type {Uint8Array[]} */
  const chunks = [];
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(bytes.subarray(at, at + chunk));
  let best = Infinity;
  for (let time = 0; time < times; time++) {
    const start = performance.now();
    check(decode(chunks) === count, 'the number of events is another one');
    best = Math.min(best, performance.now() - start);
  }
  return { rate: bytes.length / 1000 / best };
}

/** @param {string} from the package whose parser it is @returns {Promise<{ createParser: Function }>} */
async function parserOf(from) {
  const folder = await ensurePackage('clients', 'tests/clients/packages', { last: 'installed' });
  const outer = createRequire(path.join(folder, 'package.json'));
  const inner = from === 'eventsource-parser' ? outer : createRequire(outer.resolve(from));
  return import(pathToFileURL(inner.resolve('eventsource-parser')).href);
}

/** @param {string} from @returns {import('../lib/case.mjs').Contestant} */
const parsing = (from) => async (settings) => {
  const { createParser } = await parserOf(from);
  return rateOf(settings, (chunks) => {
    let count = 0;
    const parser = createParser({ onEvent: () => void count++ });
    const decoder = new TextDecoder();
    for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
    return count;
  });
};

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Bytes to events: one stream, decoded in one process',
  measures: { rate: { unit: 'MB/s' } },
  variants: (quick) =>
    names.flatMap((shape, index) =>
      CHUNKS.map((chunk) => ({
        name: variantName(shape, chunk),
        settings: { shape: index, chunk, bytes: 300_000, times: quick ? 2 : 60 },
      })),
    ),
  contestants: {
    [OURS]: async (settings) => {
      const { EventStreamDecoder } = await import('../../../dist/client.js');
      return rateOf(settings, (chunks) => {
        let count = 0;
        const decoder = new EventStreamDecoder();
        for (const chunk of chunks) count += decoder.push(chunk).length;
        return count;
      });
    },
    [PARSER_4]: parsing('eventsource-parser'),
    [PARSER_3]: parsing('eventsource-client'),
  },
  aims: names.map((shape) =>
    times({
      text: `the rate of eventsource-parser 4, ${variantName(shape, 16_384)}`,
      variant: variantName(shape, 16_384),
      measure: 'rate',
      ours: OURS,
      theirs: PARSER_4,
      least: 1,
    }),
  ),
  notes: ['The parser takes text, so its time includes the decoding of UTF-8. Ours takes bytes.'],
};

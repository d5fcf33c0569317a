// What only programs with the types of Node can write.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SSEChannel } from 'eric-sse';
import { init, initSync } from 'eric-sse/slim';
import type { Events } from '../support.js';

// claim: init and initSync take a file as Node reads it
async function start(): Promise<void> {
  await init(await readFile('eric_sse_bg.wasm'));
  initSync(readFileSync('eric_sse_bg.wasm'));
}

// claim: response answers a Request of Node with a Response of Node
const channel = new SSEChannel<Events>();
const response: Response = channel.response(new Request('http://localhost/'), { headers: { 'X-A': 'b' } });
response.body?.getReader().read().then(({ value }) => value satisfies Uint8Array | undefined);

// claim: the signal may be one of AbortSignal's own
channel.watch({ signal: AbortSignal.timeout(100) });
channel.watch({ signal: AbortSignal.any([AbortSignal.timeout(100)]) });

export { start };

// Programs that need the types of browsers.

import { SSEChannel } from 'eric-sse';
import { init, initSync } from 'eric-sse/slim';
import { type Events, some } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: init and initSync take a compiled module
async function start(): Promise<void> {
  initSync(new WebAssembly.Module(new Uint8Array(8)));
  await init(await WebAssembly.compileStreaming(fetch('eric_sse_bg.wasm')));
  initSync(some<BufferSource>());
}

// claim: a service worker answers with a response
declare class FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Response | Promise<Response>): void;
}
addEventListener('fetch', (event) => {
  if (event instanceof FetchEvent) event.respondWith(channel.response(event.request, { headers: some<HeadersInit>() }));
});

// claim: the body of a response is a stream of bytes
const reader = channel.response().body?.getReader();
reader?.read().then(({ value }) => value satisfies Uint8Array | undefined);

export { start };

// eric-sse/slim.

import type { SSEChannel as Whole, Message as WholeMessage } from 'eric-sse';
import { init, initSync, Message, SSEChannel } from 'eric-sse/slim';
import { type Events, holds, type Same, some } from '../support.js';

// claim: init takes bytes, a response and an address
async function start(): Promise<void> {
  await init(new Uint8Array(8));
  await init(new ArrayBuffer(8));
  await init(some<Response>());
  await init(await fetch('eric_sse_bg.wasm'));
  await init(new URL('https://example.org/eric_sse_bg.wasm'));
  await init('/eric_sse_bg.wasm');
}

// claim: initSync takes bytes, also those of a part of a buffer
initSync(new Uint8Array(8).subarray(1));
initSync(new DataView(new ArrayBuffer(8)));
initSync(new ArrayBuffer(8));

// claim: slim has the types of the default entry
holds<Same<SSEChannel<Events>, Whole<Events>>>();
holds<Same<Message<'tick', number>, WholeMessage<'tick', number>>>();
new SSEChannel<Events>().broadcast(new Message('tick', 1)) satisfies void;

export { start };

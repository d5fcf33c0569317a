// Slim, instantiated from what its argument names, then at work.
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { init, initSync, SSEChannel } from 'eric-sse/slim';

const bytes = await readFile(new URL(import.meta.resolve('eric-sse/eric_sse_bg.wasm')));
const wasm = { headers: { 'Content-Type': 'application/wasm' } };
const ways = {
  bytes: () => init(bytes),
  buffer: () => init(new Uint8Array(bytes).buffer),
  module: () => init(new WebAssembly.Module(bytes)),
  response: () => init(new Response(bytes, wasm)),
  address: () => init(`data:application/wasm;base64,${bytes.toString('base64')}`),
  url: () => init(new URL(`data:application/wasm;base64,${bytes.toString('base64')}`)),
  sync: async () => initSync(bytes),
  'of another realm': () => init(new (runInNewContext('WebAssembly.Module'))(bytes)),
  'never synchronously': () => {
    const refuse = () => {
      throw new RangeError('disallowed on the main thread');
    };
    for (const name of ['Module', 'Instance']) WebAssembly[name] = new Proxy(WebAssembly[name], { construct: refuse });
    return init(bytes);
  },
  'at once': () => Promise.all([init(bytes), init(bytes)]),
  nothing: () => init({}),
  twice: () => init(bytes).then(() => init(bytes)),
  missing: () => init(new Response('', { status: 404 })),
};
await ways[process.argv[2]]().catch((error) => console.log(error.message));
try {
  const channel = new SSEChannel();
  const stream = channel.watch();
  channel.broadcast({ type: 'tick', payload: 1 });
  const { value } = await stream.next();
  console.log(value.event, value.data);
} catch (error) {
  console.log(error.message);
}

// Slim by require.
const { readFileSync } = require('node:fs');
const { initSync, SSEChannel } = require('eric-sse/slim');

initSync(readFileSync(require.resolve('eric-sse/eric_sse_bg.wasm')));
const channel = new SSEChannel();
const listener = channel.addListener();
listener.startSync();
channel.broadcast({ type: 'tick', payload: 1 });
console.log(channel.deliverNext(listener.id).payload);

// Milliseconds from the import to the first message read.
const start = performance.now();
const { SSEChannel } = await import('eric-sse');
const imported = performance.now();
const channel = new SSEChannel();
const stream = channel.watch();
channel.broadcast({ type: 'tick', payload: 1 });
await stream.next();
console.log(JSON.stringify({ imported: imported - start, read: performance.now() - start }));

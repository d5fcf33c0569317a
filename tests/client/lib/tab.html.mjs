// The page of the tests of tabs: `begin` connects, `got` has the events.

export const TAB = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><link rel="icon" href="data:,">
<script type="module">
  import { connectShared, closeShared } from '/dist/client.js';
  globalThis.got = [];
  globalThis.states = [];
  globalThis.begin = (url, options = {}) => {
    const connection = (globalThis.connection = connectShared(url, {
      ...options,
      maxRetryMilliseconds: 50,
      onState: ({ state }) => globalThis.states.push(state),
    }));
    globalThis.ending = (async () => {
      for await (const { type, data } of connection) globalThis.got.push(type === 'n' ? data : { type, data });
      return await connection.ended;
    })().catch((error) => ({ thrown: error.message }));
  };
  globalThis.closeAll = closeShared;
  globalThis.loaded = true;
</script>`;

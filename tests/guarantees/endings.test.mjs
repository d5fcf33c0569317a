// Nothing of a response stays, however it ends, and no finalizer is needed for that: there is none
// here.
//
// ENDINGS=100000 runs so many of each way; fewer in a usual run.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

// Neither the package nor its bindings find one. Node's own fetch needs it while it is loaded.
void [new Response(), Headers, Request];
delete globalThis.FinalizationRegistry;
const { loadRaw } = await import('../js/lib/raw.mjs');
const { waysForResponses } = await import('./lib/ends.mjs');
const { until } = await import('../js/lib/sse-client.mjs');

const CYCLES = Number(process.env.ENDINGS ?? 10_000);
/** The number of responses that are open at once: the ends that need a timer come together. */
const BATCH = 500;

const raw = await loadRaw();

// Neither a heartbeat nor the end of a connection holds a process: the tests have to.
const awake = setInterval(() => {}, 1000);
after(() => clearInterval(awake));

for (const [way, { reason, batch, channelFor }] of Object.entries(waysForResponses(raw))) {
  test(`${CYCLES} responses that end by ${way}`, { timeout: 600_000 }, async (context) => {
    const open = raw.openStreams();
    assert.equal(open, 0);
    /** @type {Record<string, number>} */
    const reasons = {};
    const counted = ({ reason }) => void (reasons[reason] = (reasons[reason] ?? 0) + 1);
    const cycles = async (count) => {
      for (let done = 0; done < count; done += BATCH) {
        const channel = channelFor();
        await batch(channel, BATCH, counted);
        // A weak reference that was dereferenced in a turn keeps its target until the turn ends.
        await new Promise((resolve) => setImmediate(resolve));
        // Some ends are reported a moment later, to a pull or by a timer.
        if (channel.listenerCount > 0)
          await until(
            () => channel.listenerCount,
            (listeners) => listeners === 0,
            'listeners',
          );
        assert.equal(raw.openStreams(), 0, 'open streams');
        assert.equal(channel.stats().listeners, 0);
        assert.equal(channel.stats().connected, 0);
        // A channel's own memory is the one thing that a finalizer frees.
        if (channel.closed || reason === 'drained') raw.freeChannel(channel);
      }
    };
    await cycles(2 * BATCH);
    for (const reason in reasons) delete reasons[reason];
    const before = raw.wasmBytes();
    const start = performance.now();
    await cycles(CYCLES);
    const seconds = (performance.now() - start) / 1000;
    const growth = raw.wasmBytes() - before;
    context.diagnostic(
      `${JSON.stringify(reasons)} in ${seconds.toFixed(1)} s; ${growth} bytes of WebAssembly memory more`,
    );
    assert.deepEqual(reasons, { [reason]: CYCLES });
    assert.equal(growth, 0, 'growth of the WebAssembly memory');
  });
}

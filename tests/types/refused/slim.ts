// biome-ignore-all assist/source/organizeImports: each import is a claim of its own
// Names that an entry does not have.

// claim: the default entry has no init
// @ts-expect-error TS2305: importing is enough
import { init } from 'eric-sse';

// claim: the inside of the package is not imported
// @ts-expect-error TS2305: not public
import { send } from 'eric-sse';
// @ts-expect-error TS2307: not exported
import { load } from 'eric-sse/dist/types/runtime.js';

// claim: init is not called without a source
import { initSync, init as start } from 'eric-sse/slim';

// @ts-expect-error TS2554: no source
start();
// @ts-expect-error TS2554: no source
initSync();

export { init, load, send };

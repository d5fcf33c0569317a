// A process of Node, Deno or Bun that runs the suite: one line of JSON for every test, as it ends,
// and at first one with what runs it.

import { createRequire } from 'node:module';
import process from 'node:process';
import { noteUncaught, runSuite } from './run.mjs';

const [way] = process.argv.slice(2);
process.on('uncaughtException', (error) => noteUncaught('uncaught', error));
// Deno tells what run.mjs listens to.
if (!('Deno' in globalThis)) process.on('unhandledRejection', (error) => noteUncaught('unhandled rejection', error));

/** @param {unknown} answer */
const tell = (answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`);

const versions = { bun: globalThis.Bun?.version, deno: globalThis.Deno?.version.deno, node: process.versions.node };
tell({ version: versions.bun ?? versions.deno ?? versions.node });
await runSuite(way === 'require' ? createRequire(import.meta.url)('eric-sse') : await import('eric-sse'), tell);
// Resources that a failed test has left open must not hold up the others.
process.exit();

// The rules of the contract: for the plain backend in memory, and for SQLite in every runtime that
// has it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { backendCases } from 'eric-sse/backend-testing';
import { start } from '../js/lib/processes.mjs';
import { memoryStore } from './lib/memory.mjs';
import { makePlace, RUNTIMES } from './lib/servers.mjs';

const CAN = { crash: true, copy: true };

for (const late of [false, true])
  describe(`a backend in memory that answers ${late ? 'later' : 'at once'}`, () => {
    for (const { name, run } of backendCases(() => memoryStore({ late }), CAN)) test(name, run);
  });

const NAMES = backendCases(() => memoryStore(), CAN).map(({ name }) => name);

let place;
before(() => void (place = makePlace()));
after(() => place.end());

for (const [runtime, [executable, ...flags]] of Object.entries(RUNTIMES))
  test(`SQLite in ${runtime} passes every case`, { timeout: 120_000 }, async (context) => {
    assert.ok(executable, 'run this through `npm test`, which sets up the runtimes');
    const results = [];
    const { ended, output } = start(executable, [...flags, place.program('cases.mjs')], {
      cwd: place.folder,
      onLine: (line) => line.startsWith('{') && results.push(JSON.parse(line)),
    });
    assert.equal(await ended, '', output());
    for (const { name, error } of results) await context.test(name, () => assert.equal(error, undefined));
    assert.deepEqual(
      results.map(({ name }) => name),
      NAMES,
    );
  });

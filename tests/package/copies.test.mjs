// Copies of the package in one process: they share named channels, and know each other's classes.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bundle } from './lib/bundle.mjs';
import { install } from './lib/install.mjs';

/** The ordered pairs of four copies. */
const PAIRS = 12;

/** @type {import('./lib/install.mjs').Project} */
let project;
before(async () => {
  project = await install();
});
after(() => {
  project?.remove();
});

describe('an ES module, CommonJS, and both again in another folder', () => {
  let seen;
  before(async () => {
    const elsewhere = path.join(project.folder, 'elsewhere');
    cpSync(project.installed, path.join(elsewhere, 'node_modules/eric-sse'), { recursive: true });
    seen = JSON.parse(await project.node('copies.mjs', elsewhere));
  });
  const all = (value) => new Array(PAIRS).fill(value);

  test('they are four, with classes of their own', () => {
    assert.equal(seen.copies, 4);
  });
  test('a name is one channel in all of them', () => {
    assert.equal(seen.named, 1);
  });
  test('a message sent through one reaches the response of another', () => {
    assert.deepEqual(seen.sent, all(true));
  });
  test('other options given through one apply to the channel of another, whose clients are ended', () => {
    assert.deepEqual(seen.redefined, all(true));
  });
  test('a listener of one is registered, left out, delivered to, stopped and removed by another', () => {
    assert.deepEqual(seen.listeners, all('to all,to one,2,true,0'));
  });
  test("an overridden onMessage sees another copy's messages", () => {
    assert.deepEqual(seen.overridden, all('1'));
  });
  test('a channel that closes stops a listener of another copy', () => {
    assert.deepEqual(seen.stopped, all(false));
  });
  test('a response reads for a listener of another copy, and keeps it for its client', () => {
    assert.deepEqual(seen.responses, all(true));
  });
  test('a container drains and closes channels of another copy', () => {
    assert.deepEqual(seen.containers, all(true));
  });
  test('what is no listener of this version is refused, and the error says so', () => {
    assert.match(seen.refused[0], /^InvalidListenerException: .* of this version of eric-sse/);
    assert.match(seen.refused[1], /^TypeError: .* of this version of eric-sse/);
  });
});

describe('bundled by esbuild, twice in one file', () => {
  test('both find the channel by its name', async () => {
    const bundled = await bundle(project, 'twice.js');
    assert.equal(bundled.modules, 2);
    assert.deepEqual(bundled.warnings, []);
    assert.equal(await project.node(bundled.path), 'false news 1\n');
  });
});

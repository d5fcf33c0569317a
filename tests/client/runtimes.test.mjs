// The suite of the client in every runtime: processes, Cloudflare's runtime, and browsers, in a
// window and in a worker.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { launchBrowser } from '../browser.mjs';
import { startFirefox } from '../js/lib/firefox.mjs';
import { DENO_FLAGS } from '../js/lib/places.mjs';
import { served } from '../js/lib/site.mjs';
import { PROCESS, WINDOW, WORKERD } from './lib/suite-places.mjs';
import { TESTS } from './lib/suite-run.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-client-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The suite with the client, in one file. @param {string} start */
async function bundled(start, conditions = ['import']) {
  const resolveDir = fileURLToPath(new URL('lib/', import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: start, resolveDir },
    bundle: true,
    write: false,
    target: 'es2022',
    format: 'esm',
    platform: 'neutral',
    external: ['node:*'],
    conditions,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** @param {{ name: string, error?: string }[]} answers @param {string} [output] */
function check(answers, output = '') {
  const failed = answers.filter(({ error }) => error).map(({ name, error }) => `${name}\n${error}`);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    answers.map(({ name }) => name),
    TESTS.map(({ name }) => name),
    output,
  );
}
const linesOf = (text) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"name"'))
    .map((line) => JSON.parse(line));

const PROCESSES = {
  'Node 22': [process.env.ERIC_NODE22],
  'Node 26': [process.env.ERIC_NODE26],
  Deno: [process.env.ERIC_DENO, ...DENO_FLAGS],
  Bun: [process.env.ERIC_BUN, 'run'],
};
for (const [name, [executable, ...flags]] of Object.entries(PROCESSES)) {
  test(name, { timeout: 120_000 }, async () => {
    assert.ok(executable, 'run this through `npm test`');
    const file = path.join(folder, 'suite.mjs');
    writeFileSync(file, await bundled(PROCESS));
    const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
    const child = spawn(executable, [...flags, file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    await new Promise((resolve) => child.once('close', resolve));
    check(linesOf(stdout), stderr.slice(-2000));
  });
}

test("Cloudflare's runtime", { timeout: 120_000 }, async () => {
  const script = await bundled(WORKERD, ['workerd', 'import']);
  const miniflare = new Miniflare({
    modules: true,
    script,
    host: '127.0.0.1',
    port: 0,
    compatibilityDate: '2026-04-01',
  });
  try {
    const response = await fetch(await miniflare.ready);
    check(linesOf(await response.text()));
  } finally {
    await miniflare.dispose();
  }
});

/** Serves the page whose window and worker run the suite. */
async function suiteSite() {
  const script = await bundled(WINDOW, ['browser', 'import']);
  const told = {};
  const answers = Object.fromEntries(
    ['window', 'worker'].map((place) => [place, new Promise((resolve) => (told[place] = resolve))]),
  );
  const server = await served(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/suite.js') return new Response(script, { headers: { 'Content-Type': 'text/javascript' } });
    if (pathname === '/told') told[searchParams.get('place')](await request.json());
    const page =
      '<!doctype html><meta charset="utf-8"><title>eric-sse</title><script type="module" src="/suite.js"></script>';
    return new Response(page, { headers: { 'Content-Type': 'text/html' } });
  });
  return { ...server, answers };
}

test('Chromium, a window and a worker', { timeout: 120_000 }, async () => {
  const [site, browser] = await Promise.all([suiteSite(), launchBrowser()]);
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    check(await site.answers.window);
    check(await site.answers.worker);
  } finally {
    await browser.close();
    await site.close();
  }
});

test('Firefox, a window and a worker', { timeout: 120_000 }, async () => {
  assert.ok(process.env.FIREFOX_BIN, 'run this through `npm test`');
  const site = await suiteSite();
  const firefox = startFirefox(process.env.FIREFOX_BIN, `${site.url}/`);
  try {
    check(await site.answers.window);
    check(await site.answers.worker);
  } finally {
    await firefox.end();
    await site.close();
  }
});

// The packed package in the tools of its users: installed into an empty project, bundled by each,
// and run where it would run.
//
// A browser's page says what it got; its policy allows scripts of its own origin and compiling
// WebAssembly, and nothing else.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { projectWithTools, TOOLS_VERSIONS } from './lib/project.mjs';
import { serve } from './lib/serve.mjs';

const SAID = 'tick 1, _eric_channel_closed undefined, retry: 15000';

/** @type {Awaited<ReturnType<typeof projectWithTools>>} */
let project;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  project = await projectWithTools();
  browser = await launchBrowser();
});
/** The columns of the table at the end. @type {string[][]} */
const rows = [];
after(async () => {
  await browser?.close();
  project?.remove();
  console.log(
    `\n${rows.map(([tool, version, what]) => `${tool.padEnd(28)} ${version.padEnd(10)} ${what}`).join('\n')}\n`,
  );
});

/** A test that stands in the table when it has passed. */
function works(tool, what, body) {
  test(`${tool}: ${what}`, { timeout: 240_000 }, async (context) => {
    await body(context);
    rows.push([tool, TOOLS_VERSIONS[tool.split(' ')[0]] ?? '', what]);
  });
}

/** Returns the text that a folder's page shows in Chromium. */
async function pageOf(folder, html = '<!doctype html><script type="module" src="/page.js"></script>', more = {}) {
  const server = await serve({ folder, html, ...more });
  try {
    return await saidAt(server.url);
  } finally {
    await server.close();
  }
}

async function saidAt(url) {
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  try {
    await page.goto(url);
    await page
      .waitForFunction(() => 'said' in globalThis, undefined, { timeout: 30_000 })
      .catch((error) => assert.fail(`${error.message}\n${problems.join('\n')}`));
    assert.deepEqual(
      problems.filter((problem) => !/favicon|404/.test(problem)),
      [],
    );
    return await page.evaluate(() => globalThis.said);
  } finally {
    await page.close();
  }
}

describe('a page', () => {
  works('esbuild', 'bundled, under a strict policy', async () => {
    await project.node('esbuild.mjs');
    assert.equal(await pageOf(project.in('out/esbuild')), SAID);
  });
  works('rollup', 'bundled, under a strict policy', async () => {
    await project.node('rollup.mjs');
    assert.equal(await pageOf(project.in('out/rollup')), SAID);
  });
  works('webpack', 'bundled, under a strict policy', async () => {
    await project.node('webpack.mjs', 'webpack', 'webpack');
    assert.equal(await pageOf(project.in('out/webpack')), SAID);
  });
  works('@rspack/core', 'bundled, under a strict policy', async () => {
    await project.node('webpack.mjs', '@rspack/core', 'rspack');
    assert.equal(await pageOf(project.in('out/rspack')), SAID);
  });
  works('vite', 'built, under a strict policy', async () => {
    await project.node('vite.mjs', 'build');
    assert.equal(await pageOf(project.in('out/vite'), readFileSync(project.in('out/vite/index.html'), 'utf8')), SAID);
  });
  works('vite', 'served while developing', async () => {
    const server = spawn(process.execPath, ['vite.mjs', 'serve'], {
      cwd: project.folder,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: project.env,
    });
    try {
      const [line] = await new Promise((resolve, reject) => {
        server.stdout.once('data', (text) => resolve(String(text).split('\n')));
        server.once('exit', (code) => reject(new Error(`vite ended with code ${code}`)));
      });
      assert.equal(await saidAt(line), SAID);
    } finally {
      server.kill();
    }
  });
  works('parcel', 'built, under a strict policy', async () => {
    await project.run(project.bin('parcel'), [
      'build',
      'web/index.html',
      '--dist-dir',
      'out/parcel',
      '--no-cache',
      '--no-source-maps',
      '--log-level',
      'warn',
    ]);
    assert.equal(
      await pageOf(project.in('out/parcel'), readFileSync(project.in('out/parcel/index.html'), 'utf8')),
      SAID,
    );
  });
  works('import map', 'without any bundler, under a strict policy', async () => {
    const map = '{"imports":{"eric-sse":"/node_modules/eric-sse/dist/index.js"}}';
    const html = `<!doctype html><script type="importmap">${map}</script><script type="module" src="/web/page.js"></script>`;
    assert.equal(await pageOf(project.folder, html, { inline: map }), SAID);
  });
});

test('a bundle has nothing of a sub-path that it does not use', async () => {
  await project.node('esbuild.mjs');
  const bundle = readFileSync(project.in('out/esbuild/page.js'), 'utf8');
  const text = (file) => readFileSync(path.join(project.installed, 'dist', file), 'utf8');
  const whole = readdirSync(path.join(project.installed, 'dist'))
    .filter((file) => /^(index|chunk-.*)\.js$/.test(file))
    .map(text)
    .join('');
  const own = [...text('node.js').matchAll(/(["'`])([^"'`\n\\$]{16,})\1/g)]
    .map(([, , literal]) => literal)
    .filter((literal) => !whole.includes(literal));
  assert.ok(own.length >= 3, `the sub-path for Node has texts to look for, not ${own}`);
  for (const literal of [...own, 'node:net']) assert.ok(!bundle.includes(literal), literal);
});

describe('a server', () => {
  works('deno', 'runs it', async () => {
    assert.equal(
      await project.run(process.env.ERIC_DENO, [
        'run',
        '--no-lock',
        '--node-modules-dir=manual',
        '--allow-read',
        'say.mjs',
      ]),
      `${SAID}\n`,
    );
  });
  works('bun', 'runs it', async () => {
    assert.equal(await project.run(process.env.ERIC_BUN, ['run', 'say.mjs']), `${SAID}\n`);
  });
  works('vitest', 'tests with it', async () => {
    const said = await project.run(project.bin('vitest'), ['run', '--root', '.', 'say.test.mjs']);
    assert.match(said, /1 passed/);
  });
  works('wrangler', 'would deploy it', async () => {
    const wrangler = project.in('node_modules/wrangler/bin/wrangler.js');
    const said = await project.run(process.env.ERIC_NODE22, [
      wrangler,
      'deploy',
      '--dry-run',
      '--outdir',
      'out/wrangler',
    ]);
    assert.match(said, /--dry-run: exiting now/);
    const worker = readFileSync(project.in('out/wrangler/worker.js'), 'utf8');
    // Compiling bytes is forbidden there: the module has to go along as a file.
    assert.match(worker, /import \w+ from "\.\/\w+-eric_sse_bg\.wasm"/);
  });
  works('next', 'route handlers for Node and for the edge, and middleware', async () => {
    const next = project.in('node_modules/next/dist/bin/next');
    const app = project.in('next');
    await project.run(process.execPath, [next, 'build'], { cwd: app });
    // Hosts of edge runtimes forbid compiling bytes: the module has to go along as a file.
    const manifest = JSON.parse(readFileSync(project.in('next/.next/server/middleware-manifest.json'), 'utf8'));
    for (const { name, wasm } of [...Object.values(manifest.functions), ...Object.values(manifest.middleware)])
      assert.equal(wasm.length, 1, name);
    const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], {
      cwd: app,
      env: project.env,
    });
    try {
      const url = await new Promise((resolve, reject) => {
        let said = '';
        server.stdout.on('data', (text) => {
          said += text;
          const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
          if (found) resolve(found[0]);
        });
        server.once('exit', (code) => reject(new Error(`next ended with code ${code}\n${said}`)));
      });
      for (const runtime of ['node', 'edge', 'middleware']) {
        const response = await fetch(`${url}/${runtime}`);
        assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/, runtime);
        assert.match(
          await response.text(),
          /^retry: 15000\nevent: _eric_position\nid: \S+\ndata:\n\nevent: tick\nid: \S+\ndata: 1\n\nevent: _eric_channel_closed\ndata:\n\n$/,
          runtime,
        );
      }
    } finally {
      server.kill();
    }
  });
});

describe('the manifest', () => {
  works('publint', 'has no complaint', async () => {
    const said = await project.run(project.bin('publint'), ['run', project.installed, '--strict', '--pack', 'false']);
    assert.match(said, /All good!/);
  });
  works('@arethetypeswrong/cli', 'resolves its types under node10, node16, nodenext and bundler', async () => {
    const tarball = project.tarball;
    assert.ok(existsSync(tarball));
    const check = async (profile, ...which) =>
      JSON.parse(await project.run(project.bin('attw'), [tarball, '--format', 'json', '--profile', profile, ...which]));
    // Cloudflare's runtime has no CommonJS. A stored channel is of ES modules alone.
    const modules = ['cloudflare', 'backend', 'backend-testing', 'sqlite'];
    // The module itself is an asset, of which TypeScript knows nothing.
    const everywhere = await check('strict', '--exclude-entrypoints', 'eric_sse_bg.wasm', ...modules);
    const asModules = await check('esm-only', '--entrypoints', ...modules);
    const problems = ({ problems }, ...ignored) =>
      Object.values(problems)
        .flat()
        .filter(({ resolutionKind }) => !ignored.includes(resolutionKind));
    assert.deepEqual(problems(everywhere), []);
    assert.deepEqual(problems(asModules, 'node16-cjs'), []);
    assert.ok(Object.keys(everywhere.analysis.entrypoints).length >= 5);
    assert.deepEqual(
      Object.keys(asModules.analysis.entrypoints),
      modules.map((name) => `./${name}`),
    );
  });
});

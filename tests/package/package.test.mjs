// The packed tarball: what is in it, and that it works where it is installed.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { bundle } from './lib/bundle.mjs';
import { contents } from './lib/contents.mjs';
import { install } from './lib/install.mjs';

/** What eric-sse/node exports. */
const NODE = [
  'InvalidChannelException',
  'InvalidListenerException',
  'InvalidMessageFormat',
  'QueueFullException',
  'SocketClient',
  'SocketError',
  'SocketStream',
  'toNode',
];

/** @type {import('./lib/install.mjs').Project} */
let project;
before(async () => {
  project = await install();
});
after(() => {
  project?.remove();
});

describe('contents', () => {
  for (const [title, check] of contents) test(title, () => check(project.installed));
});

describe('ten lines make a channel and print both streams in order', () => {
  /**
   * A dispatch comes after the broadcast before it, so that broadcasts have the same numbers for
   * all clients.
   */
  const TEN_LINES = `\
alice {"event":"news","data":"hello everybody","retry":15000,"id":"EPOCH-1"}
alice {"event":"news","data":{"to":"alice"},"retry":15000,"id":"EPOCH-1.1"}
alice {"event":"tick","data":3,"retry":15000,"id":"EPOCH-2"}
alice {"event":"_eric_channel_closed","retry":15000}
bob {"event":"news","data":"hello everybody","retry":15000,"id":"EPOCH-1"}
bob {"event":"tick","data":3,"retry":15000,"id":"EPOCH-2"}
bob {"event":"_eric_channel_closed","retry":15000}
`;
  /** The epoch is another one in each run, and the same within one. */
  const withoutEpoch = (output) => output.replaceAll(`"id":"${/"id":"(.+?)-1"/.exec(output)?.[1]}-`, '"id":"EPOCH-');
  const source = (file) => readFileSync(new URL(`cases/${file}`, import.meta.url), 'utf8');

  for (const file of ['ten-lines.mjs', 'ten-lines.cjs']) {
    test(`${file} is of ten lines`, () => {
      assert.equal(source(file).trimEnd().split('\n').length, 10);
    });
    test(`node ${file}`, async () => {
      assert.equal(withoutEpoch(await project.node(file)), TEN_LINES);
    });
  }
  test('node --input-type=module -e', async () => {
    assert.equal(withoutEpoch(await project.node('--input-type=module', '-e', source('ten-lines.mjs'))), TEN_LINES);
  });
  test('node -e', async () => {
    assert.equal(withoutEpoch(await project.node('-e', source('ten-lines.cjs'))), TEN_LINES);
  });
});

describe('the default entry', () => {
  test('answers with a response, which is read to its end and leaves no listener', async () => {
    const [head, body] = (await project.node('response.mjs')).trim().split('\n');
    assert.equal(head, 'text/event-stream; charset=utf-8 1');
    assert.match(
      body,
      /^"retry: 1000\\nevent: _eric_position\\nid: .*data: two\\ndata: lines\\n\\n.*event: _eric_channel_closed\\n.*" 0$/,
    );
  });
  test('inlines the very module that is shipped as a file, and compiles it once', async () => {
    assert.equal(await project.node('inlined.mjs'), '1 true\n');
  });
  test('gets from its import to the first message', async (t) => {
    const runs = [];
    for (let i = 0; i < 5; i++) runs.push(JSON.parse(await project.node('first-message.mjs')));
    const median = (name) => runs.map((run) => run[name]).sort((a, b) => a - b)[2];
    t.diagnostic(
      `from import to first message: ${median('read').toFixed(1)} ms, of which the import ${median('imported').toFixed(1)} ms (median of ${runs.length} processes)`,
    );
    assert.ok(median('read') < 5000);
  });
});

describe('slim', () => {
  test('says what to do when it is used before init', async () => {
    const said =
      'Error: eric-sse/slim has no WebAssembly module yet: call `init()` with a module, its bytes or its URL first\n';
    assert.equal(await project.node('slim-unready.mjs'), said.repeat(3));
  });
  for (const way of [
    'bytes',
    'buffer',
    'module',
    'response',
    'address',
    'url',
    'sync',
    'twice',
    'at once',
    'of another realm',
  ]) {
    test(`works after init: ${way}`, async () => {
      assert.equal(await project.node('slim-init.mjs', way), 'tick 1\n');
    });
  }
  test('says that the module is missing where it was looked for', async () => {
    const [first, second] = (await project.node('slim-init.mjs', 'missing')).split('\n');
    assert.match(first, /^eric-sse: the WebAssembly at .* was answered with 404$/);
    assert.match(second, /has no WebAssembly module yet/);
  });
  test('works where nothing may be compiled synchronously, as in a window of Chromium up to 114', async () => {
    assert.equal(await project.node('slim-init.mjs', 'never synchronously'), 'tick 1\n');
  });
  test('says what init takes when it is given something else', async () => {
    const [first] = (await project.node('slim-init.mjs', 'nothing')).split('\n');
    assert.equal(first, 'init() expects a compiled module, its bytes, a Response or a URL');
  });
  test('works by require', async () => {
    assert.equal(await project.node('slim-init.cjs'), '1\n');
  });
});

describe('both entries in one program', () => {
  let seen;
  before(async () => {
    seen = JSON.parse(await project.node('same-classes.mjs'));
  });

  test('have the same classes', () => {
    assert.deepEqual(seen.differing, []);
    assert.ok(seen.whole.includes('SSEChannel'));
  });
  test('share one module, so that slim is ready', () => {
    assert.equal(seen.ready, true);
  });
  test('slim adds init and initSync, and nothing else', () => {
    assert.deepEqual(seen.slim, [...seen.whole, 'init', 'initSync'].sort());
  });
  test('CommonJS exports the same names', () => {
    assert.deepEqual(seen.required, seen.whole);
    assert.deepEqual(seen.requiredSlim, seen.slim);
  });
  test('classes bear their public names', () => {
    assert.deepEqual(seen.named, []);
  });
});

describe('node', () => {
  test("has exceptions with the codes of the default entry's, and loads no WebAssembly", async () => {
    assert.deepEqual(JSON.parse(await project.node('socket.mjs')), {
      compiled: 0,
      alike: true,
      names: NODE,
      required: NODE,
      named: [],
    });
  });
});

describe('cloudflare', () => {
  const read = (file) => readFileSync(`${project.installed}/dist/${file}`, 'utf8');

  test('shares the core and its classes with the default entry of that runtime', () => {
    const chunks = (file) => [...read(file).matchAll(/from"(\.\/chunk-[^"]+)"/g)].map(([, chunk]) => chunk);
    assert.ok(chunks('cloudflare.js').length > 0);
    assert.deepEqual(
      chunks('cloudflare.js').filter((chunk) => !chunks('workerd.js').includes(chunk)),
      [],
    );
  });
  test('a bundle of the other entries does not contain it', async () => {
    const { text } = await bundle(project, 'bundled.js');
    assert.doesNotMatch(text, /eric_message|getWebSockets/);
    assert.match(read('cloudflare.js'), /eric_message[^]*getWebSockets|getWebSockets[^]*eric_message/);
  });
});

describe('service-worker', () => {
  test('is there in both module systems, loads no WebAssembly, and works with channels of both', async () => {
    const printed = await project.node(
      '--input-type=module',
      '-e',
      `import { createRequire } from 'node:module';
       const { Module } = WebAssembly;
       let compiled = 0;
       WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled++; } };
       const require = createRequire(process.cwd() + '/x.mjs');
       const workers = [await import('eric-sse/service-worker'), require('eric-sse/service-worker')];
       const before = compiled;
       globalThis.location = new URL('http://localhost/');
       let listener;
       globalThis.addEventListener = (_type, given) => void (listener = given);
       const got = [];
       for (const { answer } of workers) for (const { SSEChannel } of [await import('eric-sse'), require('eric-sse')]) {
         const channel = new SSEChannel();
         answer({ '/events': channel });
         let response;
         listener({ request: new Request('http://localhost/events'), respondWith: (promise) => void (response = promise) });
         const { body } = await response;
         got.push(channel.listenerCount);
         await body.cancel();
         got.push(channel.listenerCount);
       }
       console.log(JSON.stringify([before, workers.map((worker) => Object.keys(worker)), got]));`,
    );
    assert.deepEqual(JSON.parse(printed), [0, [['answer'], ['answer']], [1, 0, 1, 0, 1, 0, 1, 0]]);
  });
});

describe('bundled for a browser by esbuild', () => {
  let bundled;
  before(async () => {
    bundled = await bundle(project, 'bundled.js');
  });

  test('it is one file, which loads no other', () => {
    assert.deepEqual(bundled.files, ['bundle.mjs']);
    assert.doesNotMatch(bundled.text, /\bimport\s*\(|\bnew URL\(|\bimport\.meta\b/);
  });
  test('it holds the module once', () => {
    assert.equal(bundled.modules, 1);
  });
  test('it is bundled without a warning', () => {
    assert.deepEqual(bundled.warnings, []);
  });
  test('it works', async () => {
    assert.ok(existsSync(bundled.path));
    assert.equal(await project.node(bundled.path), 'tick 1\n_eric_channel_closed undefined\n');
  });
});

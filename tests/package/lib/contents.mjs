// Conditions that hold for the files of the package.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filesIn, ROOT } from './install.mjs';
import { reachable, referencesOf, targetsOf } from './references.mjs';

const read = (folder, file) => readFileSync(path.join(folder, file), 'utf8');
const manifestOf = (folder) => JSON.parse(read(folder, 'package.json'));
const CODE = /\.(js|cjs|d\.ts|d\.cts)$/;

/** A file for one runtime alone may import that one's own modules. */
const isOfRuntime = (file, next) =>
  (/^dist\/node\.c?js$/.test(file) && next.startsWith('node:')) ||
  (/^dist\/(types\/cloudflare\/.*|cloudflare\.js)$/.test(file) && next === 'cloudflare:workers');

/** Folders of machines and tools, whatever the machine. */
const FOLDERS = [
  /\/(?:home|Users)\/[\w.-]+\//,
  /[A-Za-z]:\\+Users\\/,
  /\.cargo\/(?:registry|git)/,
  /\.rustup\//,
  /index\.crates\.io-/,
  /file:\/\/\//,
];

/** @type {[title: string, check: (folder: string) => void][]} */
export const contents = [
  [
    'beside dist/ there are the manifest and what people read',
    (folder) => {
      const others = filesIn(folder).filter((file) => !file.startsWith('dist/'));
      assert.deepEqual(others, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
      for (const file of others) assert.ok(statSync(path.join(folder, file)).size > 100, `${file} is empty`);
      assert.match(read(folder, 'LICENSE'), /^MIT License/);
    },
  ],
  [
    'the notices of what the WebAssembly is made of are in it',
    (folder) => {
      const notices = read(folder, 'dist/THIRD-PARTY-NOTICES.txt');
      for (const crate of ['slab', 'rlsf', 'itoa', 'wasm-bindgen', 'js-sys'])
        assert.match(notices, new RegExp(`^${crate} \\d+\\.`, 'm'), crate);
      assert.ok(notices.match(/Permission is hereby granted/g).length > 10);
    },
  ],
  [
    'nothing of the build is packed, and no ignore file has emptied it',
    (folder) => {
      const files = filesIn(folder);
      assert.deepEqual(
        files.filter((file) => /(^|\/)\.|(^|\/)(pkg|src|js|tests|node_modules)\//.test(file)),
        [],
      );
      assert.ok(statSync(path.join(folder, 'dist/eric_sse_bg.wasm')).size > 10_000);
    },
  ],
  [
    'every file that the manifest names exists',
    (folder) => {
      for (const target of targetsOf(manifestOf(folder))) assert.ok(existsSync(path.join(folder, target)), target);
    },
  ],
  [
    'every entry names its types first, in its own module format',
    (folder) => {
      const conditions = [];
      const walk = (name, value) => {
        if (typeof value === 'string') return;
        if (typeof value.default === 'string' && !('import' in value)) conditions.push([name, value]);
        for (const [key, each] of Object.entries(value)) walk(`${name} ${key}`, each);
      };
      walk('exports', manifestOf(folder).exports);
      assert.deepEqual(
        conditions.map(([name]) => name),
        [
          'exports . workerd',
          'exports . edge-light',
          'exports . import',
          'exports . require',
          'exports ./slim import',
          'exports ./slim require',
          'exports ./node import',
          'exports ./node require',
          'exports ./multiplex import',
          'exports ./multiplex require',
          'exports ./client import',
          'exports ./client require',
          'exports ./testing import',
          'exports ./testing require',
          'exports ./cloudflare',
          'exports ./service-worker import',
          'exports ./service-worker require',
          'exports ./backend',
          'exports ./backend-testing',
          'exports ./sqlite',
          'exports ./eric_sse_bg.wasm*',
        ],
      );
      for (const [name, value] of conditions) {
        assert.deepEqual(Object.keys(value), ['types', 'default'], name);
        assert.equal(value.types, value.default.replace(/\.(c?)js$/, '.d.$1ts').replace(/\*$/, '.d.ts'), name);
      }
    },
  ],
  [
    'every file that a file imports or maps to exists',
    (folder) => {
      const files = new Set(filesIn(folder));
      const dangling = [...files]
        .filter((file) => CODE.test(file))
        .flatMap((file) =>
          referencesOf(folder, file)
            .filter((next) => !files.has(next) && !isOfRuntime(file, next))
            .map((next) => `${file} -> ${next}`),
        );
      assert.deepEqual(dangling, []);
    },
  ],
  [
    'there is no file that nothing leads to',
    (folder) => {
      const reached = reachable(folder, targetsOf(manifestOf(folder)));
      // Declarations are published in both formats, whether both are asked for or not.
      const isReached = (file) => reached.has(file) || reached.has(file.replace(/\.d\.cts$/, '.d.ts'));
      assert.deepEqual(
        filesIn(folder).filter((file) => /^dist\/.*\.(?!txt$)/.test(file) && !isReached(file)),
        [],
      );
    },
  ],
  [
    'source maps carry their sources, and point nowhere outside the package',
    (folder) => {
      const maps = filesIn(folder).filter((file) => file.endsWith('.map'));
      assert.ok(maps.length > 0);
      for (const map of maps) {
        const { sources, sourcesContent, sourceRoot } = JSON.parse(read(folder, map));
        assert.equal(sourceRoot ?? '', '', map);
        assert.equal(sourcesContent?.length, sources.length, map);
        assert.ok(
          sourcesContent.every((text) => typeof text === 'string'),
          map,
        );
        for (const source of sources) {
          assert.doesNotMatch(source, /^[a-z][a-z+.-]*:|^[/\\]/i, map);
          assert.doesNotMatch(path.posix.join(path.posix.dirname(map), source), /^\.\./, map);
        }
      }
    },
  ],
  [
    'no file names a folder of the machine that it was built on',
    (folder) => {
      // A home of one step, such as /root, may be a word of another meaning: then with what is
      // below it.
      const here = [ROOT, path.join(os.homedir(), '.'), process.env.CARGO_HOME, process.env.RUSTUP_HOME]
        .filter(Boolean)
        .map((name) => `${path.resolve(name)}${path.sep}`);
      for (const file of filesIn(folder)) {
        const text = readFileSync(path.join(folder, file), 'latin1');
        for (const name of here) assert.ok(!text.includes(name), `${file} names ${name}`);
        for (const pattern of FOLDERS) assert.doesNotMatch(text, pattern, file);
      }
    },
  ],
  [
    'installing runs nothing and brings nothing else',
    (folder) => {
      const { scripts = {}, dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifestOf(folder);
      assert.deepEqual(
        Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name)),
        [],
      );
      assert.deepEqual({ ...dependencies, ...peerDependencies, ...optionalDependencies }, {});
      assert.deepEqual(
        filesIn(path.dirname(folder)).filter((file) => !file.startsWith('eric-sse/') && file !== '.package-lock.json'),
        [],
      );
    },
  ],
];

// The published types: what programs may write, what they may not, and in which settings.
//
// Each part of a file in accepted/ and refused/ is a claim, and a test: it holds when it compiles
// in every setting. The lines that must not compile are marked `@ts-expect-error`, so that one
// which compiles is an error as well.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claimsOf, unexpected } from './lib/claims.mjs';
import { compile, makeProject } from './lib/project.mjs';

const HERE = fileURLToPath(new URL('./', import.meta.url));

const BROWSER = { lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] };
const DISPOSABLE = { lib: [...BROWSER.lib, 'esnext.disposable'], types: [] };
const NODE = { lib: ['es2022'], types: ['node'] };
const CLOUDFLARE = { lib: ['es2022'], types: ['@cloudflare/workers-types'] };
const EXACT = { exactOptionalPropertyTypes: true };

/** Declarations that a program needs beyond the language itself, by the files that need them. */
const NEEDS = { browser: 'dom', node: 'node', disposal: 'disposable', cloudflare: 'cloudflare' };

const SETTINGS = [
  [
    'ESM, nodenext, a browser, exact optional properties',
    'module',
    { module: 'nodenext', ...DISPOSABLE, ...EXACT, verbatimModuleSyntax: true },
  ],
  ['ESM, node16, Node, exact optional properties', 'module', { module: 'node16', target: 'es2022', ...NODE, ...EXACT }],
  [
    'ESM, bundler, a browser without disposal',
    'module',
    { module: 'preserve', moduleResolution: 'bundler', target: 'es2022', ...BROWSER },
  ],
  [
    'ESM, bundler, the workerd condition',
    'module',
    {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
      customConditions: ['workerd'],
      ...DISPOSABLE,
      ...EXACT,
    },
  ],
  [
    'ESM, bundler, the edge-light condition',
    'module',
    {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
      customConditions: ['edge-light'],
      ...DISPOSABLE,
      ...EXACT,
    },
  ],
  [
    "ESM, bundler, Cloudflare's runtime, exact optional properties",
    'module',
    {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
      customConditions: ['workerd'],
      ...CLOUDFLARE,
      ...EXACT,
    },
  ],
  ['CommonJS, nodenext, Node', 'commonjs', { module: 'nodenext', ...NODE }],
  [
    'CommonJS, node16, a browser and Node, exact optional properties',
    'commonjs',
    { module: 'node16', target: 'es2022', ...DISPOSABLE, ...EXACT, types: ['node'] },
  ],
  // The meaning of `module: commonjs` up to TypeScript 5, which the templates of NestJS and
  // Cloudflare still use: it reads no `exports`.
  [
    'CommonJS, node10, a browser and Node',
    'commonjs',
    {
      module: 'commonjs',
      moduleResolution: 'node10',
      ignoreDeprecations: '6.0',
      target: 'es2022',
      ...DISPOSABLE,
      types: ['node'],
    },
  ],
  [
    "ESM, node10, Cloudflare's runtime",
    'module',
    { module: 'esnext', moduleResolution: 'node10', ignoreDeprecations: '6.0', target: 'es2022', ...CLOUDFLARE },
  ],
].map(([title, type, options]) => ({ title, type, options, has: offersOf(options) }));

const projects = { module: makeProject('module'), commonjs: makeProject('commonjs') };
after(() => Object.values(projects).forEach(({ remove }) => remove()));

const FILES = ['accepted', 'refused'].flatMap((kind) =>
  readdirSync(path.join(HERE, kind))
    .sort()
    .map((name) => `${kind}/${name}`),
);
const results = SETTINGS.map(({ title, type, options, has }) => {
  const files = FILES.filter((file) => canCompile(file, has));
  return { title, type, options, files, ...compile(projects[type].folder, files, options) };
});

for (const file of FILES) {
  const { claims, head } = claimsOf(path.join(HERE, file));
  const named = results.flatMap(({ title, problems }) =>
    problems.filter((problem) => problem.file === file).map((problem) => ({ title, ...problem })),
  );
  describe(file, () => {
    for (const { title, first, end, expected } of claims) {
      test(title, () => {
        assert.equal(
          expected.length > 0,
          file.startsWith('refused/'),
          'a refused claim has lines that must not compile, an accepted one none',
        );
        assert.deepEqual(named.filter(({ line }) => line < head || (line >= first && line < end)).map(show), []);
      });
    }
  });
}

describe('settings', () => {
  for (const { title, type, options, files, problems, declarations } of results) {
    test(`${title}: the declarations themselves compile`, () => {
      assert.deepEqual(problems.filter(({ file }) => !FILES.includes(file)).map(show), []);
      assert.ok(files.length > 0);
    });
    test(`${title}: the declarations of the right entry and module format are read`, () => {
      // node10 knows no formats: `types` and `typesVersions` of package.json name the same
      // declarations for both.
      const cjs = type === 'commonjs' && options.moduleResolution !== 'node10';
      const entry = cjs ? 'index.d.cts' : `${options.customConditions ?? 'index'}.d.ts`;
      assert.ok(declarations.includes(`node_modules/eric-sse/dist/${entry}`), declarations.join('\n'));
      const wrong = cjs ? /\.d\.ts$/ : /\.d\.cts$/;
      assert.deepEqual(
        declarations.filter((file) => wrong.test(file)),
        [],
      );
    });
  }
});

describe('errors', () => {
  test('each marked line fails with the error that it names', () => {
    const { folder } = projects.module;
    const refused = FILES.filter((file) => file.startsWith('refused/'));
    const expected = refused.flatMap((file) =>
      claimsOf(path.join(folder, file)).claims.flatMap((claim) =>
        claim.expected.map((each) => `${file}:${each.line + 1} TS${each.code}`),
      ),
    );
    for (const file of refused)
      writeFileSync(path.join(folder, file), unexpected(readFileSync(path.join(folder, file), 'utf8')));
    // Each file once, in the first setting that has what it needs.
    const problems = SETTINGS.flatMap(({ options, has }, index) => {
      const isFirst = (file) => SETTINGS.findIndex((setting) => canCompile(file, setting.has)) === index;
      const files = refused.filter((file) => canCompile(file, has) && isFirst(file));
      return files.length ? compile(folder, files, { ...options, exactOptionalPropertyTypes: false }).problems : [];
    });
    assert.deepEqual(
      [...new Set(problems.map(({ file, line, code }) => `${file}:${line + 1} TS${code}`))].sort(),
      expected.sort(),
    );
  });
});

function offersOf({ lib, types }) {
  const node = types.includes('node');
  // The types of Node bring along those of disposal.
  return {
    dom: lib.includes('dom'),
    node,
    cloudflare: types === CLOUDFLARE.types,
    disposable: node || lib.includes('esnext.disposable'),
  };
}

function canCompile(file, has) {
  const need = NEEDS[path.basename(file, '.ts')];
  return need === undefined || has[need];
}

function show({ title, file, line, code, text }) {
  return `${title ? `${title}: ` : ''}${file}:${line + 1} TS${code}: ${text}`;
}

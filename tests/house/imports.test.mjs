// Which file may import which: the list of folders in CONTRIBUTING.md, and the walls around what is
// foreign.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { circles, fileGraph, filesIn, folderOf, listedFolders, rustCode, upward } from '../../scripts/lib/house.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';

const listed = listedFolders(ROOT);
const read = (...parts) => readFileSync(path.join(ROOT, ...parts), 'utf8');

/** The Rust files whose code, tests excepted, names something. */
const rustFilesWith = (pattern) =>
  filesIn(path.join(ROOT, 'src'), '.rs').filter((file) => pattern.test(rustCode(read('src', file))));
const outside = (files, ...folders) => files.filter((file) => !folders.some((folder) => file.startsWith(folder)));

test('CONTRIBUTING lists the folders, each once', () => {
  for (const folders of Object.values(listed)) assert.equal(new Set(folders).size, folders.length);
});

for (const side of ['js', 'src']) {
  describe(side, () => {
    const files = fileGraph(ROOT, side);

    test('every file is in a listed folder, and every listed folder has files', () => {
      const used = new Set([...files.keys()].map((file) => folderOf(file, listed[side])));
      const known = new Set(listed[side].flatMap((folder) => [folder, `${folder}.rs`]));
      assert.deepEqual(
        [...used].filter((folder) => !known.has(folder)),
        [],
      );
      assert.equal(used.size, listed[side].length);
    });

    test('a folder imports only from the folders behind it in the list', () => {
      assert.deepEqual(upward(files, listed[side]), []);
    });

    test('no files import each other in a circle', () => {
      assert.deepEqual(circles(files), []);
    });
  });
}

describe('walls', () => {
  test('only js/wasm imports the bindings; js/entries imports the WebAssembly itself', () => {
    const importers = [...fileGraph(ROOT, 'js')].flatMap(([file, imports]) =>
      [...imports].filter((name) => name.startsWith('../pkg/')).map((name) => `${file} -> ${name}`),
    );
    const allowed = /^wasm\/|^entries\/.* -> \.\.\/pkg\/eric_sse_bg\.wasm$/;
    assert.deepEqual(
      importers.filter((arrow) => !allowed.test(arrow)),
      [],
    );
  });

  test('only src/wasm names wasm-bindgen and js-sys', () => {
    assert.deepEqual(outside(rustFilesWith(/\b(wasm_bindgen|js_sys)\b/), 'wasm/'), []);
  });

  test('only src/server and src/command name tokio', () => {
    assert.deepEqual(outside(rustFilesWith(/\btokio\b/), 'server/', 'command/'), []);
  });
});

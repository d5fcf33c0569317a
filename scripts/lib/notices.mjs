// The notices of what is compiled into the WebAssembly: most of those crates ask for theirs to go
// along.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { DIST } from './paths.mjs';
import { quietly } from './run.mjs';
import { WASM_TARGET } from './rust.mjs';

const TREE = [
  'tree',
  '--quiet',
  '--target',
  WASM_TARGET,
  '--no-default-features',
  '--features',
  'npm',
  '--edges',
  'normal,no-proc-macro',
  '--prefix',
  'none',
  '--format',
  '{p}|{l}',
];

/** Of several licences to choose from, this one's text is taken. */
const PREFERRED = /^licen[cs]e-mit/i;
const ANY = /^(licen[cs]e|copying)/i;

/** @typedef {{ name: string, version: string, source: string | null, authors: string[], repository: string | null, manifest_path: string }} Crate */

/** @param {NodeJS.ProcessEnv} env from `setUpBuild` */
export async function writeNotices(env) {
  const [tree, metadata] = await Promise.all([
    quietly('cargo', TREE, { env }),
    quietly('cargo', ['metadata', '--quiet', '--all-features', '--format-version', '1'], { env }),
  ]);
  /** @type {Crate[]} */
  const packages = JSON.parse(metadata).packages;
  const notices = [
    ...new Set(
      tree
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replace(' (*)', '')),
    ),
  ].flatMap((line) => {
    const [, name, version, license] = line.match(/^(\S+) v(\S+)[^|]*\|(.*)$/) ?? [];
    const found = packages.find((one) => one.name === name && one.version === version);
    if (!found) throw new Failure(`cargo metadata knows no ${line}, which cargo tree has.`);
    return found.source === null ? [] : [`${name} ${version} (${license})\n\n${textOf(found)}`];
  });
  const head = 'The parts of eric_sse_bg.wasm, beside eric-sse itself, and their licences.\n';
  writeFileSync(path.join(DIST, 'THIRD-PARTY-NOTICES.txt'), [head, ...notices.sort()].join(`\n${'-'.repeat(80)}\n\n`));
}

/** @param {Crate} crate */
function textOf({ name, authors, repository, manifest_path }) {
  const folder = path.dirname(manifest_path);
  const files = readdirSync(folder).sort();
  const file = files.find((name) => PREFERRED.test(name)) ?? files.find((name) => ANY.test(name));
  if (!file)
    return `${name} comes without the text of its licence. It is by ${authors.join(', ') || 'its contributors'}: ${repository}\n`;
  return `${readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
}

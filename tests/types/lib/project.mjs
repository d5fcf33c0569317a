// A project that has the package installed, in a temporary folder, and the compiler over it.

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CASES = fileURLToPath(new URL('../', import.meta.url));

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  isolatedModules: true,
  // The published declarations are what is checked here.
  skipLibCheck: false,
  noEmit: true,
};

/**
 * @param {'module' | 'commonjs'} type the project's files
 * @returns {{ folder: string, remove: () => void }}
 */
export function makeProject(type) {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'eric-sse-types-')));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  const installed = path.join(folder, 'node_modules/eric-sse');
  mkdirSync(installed, { recursive: true });
  for (const name of ['package.json', 'dist'])
    cpSync(path.join(ROOT, name), path.join(installed, name), { recursive: true });
  for (const name of ['@types', '@cloudflare'])
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name), 'junction');
  for (const name of ['support.ts', 'accepted', 'refused'])
    cpSync(path.join(CASES, name), path.join(folder, name), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Compiles files of a project.
 *
 * @param {string} folder
 * @param {string[]} files from the folder
 * @param {object} options as in a tsconfig.json
 * @returns {{ problems: Problem[], declarations: string[] }} the errors, and the package's declarations that were read
 *
 * @typedef {{ file: string, line: number, code: number, text: string }} Problem its file from the folder, its line from 0
 */
export function compile(folder, files, options) {
  const json = { ...STRICT, ...options };
  const { options: parsed, errors } = ts.convertCompilerOptionsFromJson(json, folder);
  if (errors.length)
    throw new Error(errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n'));
  const program = ts.createProgram(
    files.map((file) => path.join(folder, file)),
    parsed,
  );
  // Only the package's own: checking TypeScript's libraries as well takes most of the time, and
  // says nothing of the package.
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => /^(?!node_modules\/@)(?!\.\.)/.test(fromFolder(folder, fileName)));
  const diagnostics = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  const problems = ts.sortAndDeduplicateDiagnostics(diagnostics).map(({ file, start = 0, code, messageText }) => ({
    file: file ? fromFolder(folder, file.fileName) : '',
    line: file ? file.getLineAndCharacterOfPosition(start).line : 0,
    code,
    text: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
  const declarations = ours
    .map(({ fileName }) => fromFolder(folder, fileName))
    .filter((file) => file.startsWith('node_modules/eric-sse/'));
  return { problems, declarations };
}

/** @param {string} folder @param {string} file */
const fromFolder = (folder, file) => path.relative(folder, file).replaceAll('\\', '/');

// The suite in a process of another runtime, in a project that has the package installed.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';

/**
 * A folder as that of a user: the package and what the tests use among its `node_modules`, and the
 * tests.
 * @returns {{ folder: string, remove: () => void }}
 */
export function makeProject() {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'eric-sse-project-')));
  const copy = (from, to = from) => cpSync(inRoot(from), path.join(folder, to), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  mkdirSync(path.join(folder, 'node_modules/eric-sse'), { recursive: true });
  for (const name of ['package.json', 'dist']) copy(name, `node_modules/eric-sse/${name}`);
  copy('node_modules/chai');
  for (const name of ['suite', 'lib']) copy(`tests/js/${name}`, name);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Starts a program, and hands on the lines that it prints.
 * @param {string} executable
 * @param {string[]} args
 * @param {{ cwd: string, onLine: (line: string) => void }} options
 */
export function start(executable, args, { cwd, onLine }) {
  // Another runtime would take `node --test`'s variables for its children as its own.
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const child = spawn(executable, args, {
    cwd,
    env: { ...env, DENO_NO_UPDATE_CHECK: '1', DENO_DIR: path.join(cwd, '.deno') },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [output, rest] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    lines.forEach(onLine);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => void (output += text));
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not start: ${error.message}`));
    child.once('close', (code, signal) => resolve(code === 0 ? '' : `ended by ${signal ?? `code ${code}`}`));
  });
  return { child, ended, output: () => output };
}

/**
 * Runs the suite in a process.
 * @param {string} executable
 * @param {string[]} args arguments before the file
 * @param {string[]} ways `import`, `require` or both
 * @returns {import('./places.mjs').Host}
 */
export function processHost(executable, args, ways) {
  const { folder, remove } = makeProject();
  let [version, output] = ['', () => ''];
  const children = new Set();
  return {
    async run(way, tell) {
      const onLine = (line) => {
        // A test may print as well.
        if (!/^\{"(name|version)":/.test(line)) return;
        const answer = JSON.parse(line);
        if ('version' in answer) version = answer.version;
        else tell(answer);
      };
      if (!ways.includes(way)) throw new Error(`no such way: ${way}`);
      const started = start(executable, [...args, path.join(folder, 'lib/process-run.mjs'), way], {
        cwd: folder,
        onLine,
      });
      children.add(started.child);
      output = started.output;
      const problem = await started.ended;
      children.delete(started.child);
      if (problem) throw new Error(problem);
    },
    version: () => version,
    output: () => output(),
    async stop() {
      for (const child of children) child.kill('SIGKILL');
      remove();
    },
  };
}

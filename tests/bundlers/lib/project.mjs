// An empty project with the packed package, and beside it the tools that are to work with it.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENV, install } from '../../package/lib/install.mjs';

const CASES = fileURLToPath(new URL('../cases/', import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The versions of the tools, and of the runtimes that the environment names. */
export const TOOLS_VERSIONS = {
  ...devDependencies,
  deno: versionIn(process.env.ERIC_DENO),
  bun: versionIn(process.env.ERIC_BUN),
};

/** A runtime is kept in a folder that ends with its version. @param {string | undefined} executable */
function versionIn(executable) {
  return /-(\d+\.\d+\.\d+)[\\/]/.exec(executable ?? '')?.[1];
}

/** The folder with the tools is named by `npm test`. */
export async function projectWithTools() {
  const tools = process.env.ERIC_BUNDLERS;
  if (!tools) throw new Error('run these tests by `npm test -- bundlers`, which installs the bundlers');
  const project = await install(CASES);
  const from = path.join(tools, 'node_modules');
  for (const name of readdirSync(from)) {
    if (!name.startsWith('.') && name !== 'eric-sse')
      symlinkSync(path.join(from, name), path.join(project.folder, 'node_modules', name));
  }
  mkdirSync(path.join(project.folder, 'out'), { recursive: true });
  const env = {
    ...ENV,
    CI: 'true',
    NEXT_TELEMETRY_DISABLED: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_PATH: path.join(project.folder, 'out'),
    NO_COLOR: '1',
  };

  /** Returns the output of a program, and fails with it. */
  const run = (command, args, { cwd = project.folder } = {}) =>
    new Promise((resolve, reject) => {
      execFile(command, args, { cwd, env, timeout: 220_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error)
          reject(
            new Error(
              `${path.basename(command)} ${args.join(' ')}: ${error.killed ? 'timed out' : `code ${error.code}`}\n${stdout}${stderr}`.slice(
                0,
                4000,
              ),
            ),
          );
        else resolve(stdout);
      });
    });
  return {
    ...project,
    env,
    run,
    /** @param {...string} args */
    node: (...args) => run(process.execPath, args),
    /** @param {string} file */
    in: (file) => path.join(project.folder, file),
    /** @param {string} name */
    bin: (name) => path.join(from, '.bin', name),
  };
}

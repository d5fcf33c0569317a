// The Python package that the socket server has to get on with, in a virtual environment of its
// own.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { TOOLS } from './paths.mjs';
import { ask, isExecutable, quietly, which } from './run.mjs';
import { step } from './step.mjs';

const PACKAGE = 'eric-sse';
const VERSION = '2.1.1.2';

/** Prints the package's version, if the modules that are used are there. */
const ASK_VERSION = `import importlib.metadata, eric_sse.clients, eric_sse.servers; print(importlib.metadata.version('${PACKAGE}'))`;

/**
 * Sets up the package, once.
 * @returns {Promise<string>} the Python that has it
 */
export async function ensurePython() {
  // Named after the version, so that an upgrade never meets the previous one.
  const folder = path.join(TOOLS, `python-${PACKAGE}-${VERSION}`);
  const python = path.join(folder, 'bin', 'python');
  if (isExecutable(python) && ask(python, ['-c', ASK_VERSION]) === VERSION) return python;

  await step(`installing Python's ${PACKAGE} ${VERSION} into ${path.relative(process.cwd(), folder)}`, () =>
    installPython(folder, [`${PACKAGE}==${VERSION}`]),
  );
  const found = ask(python, ['-c', ASK_VERSION]);
  if (found !== VERSION)
    throw new Failure(
      `${folder} has ${found ? `${PACKAGE} ${found}` : `no ${PACKAGE}`}, not ${VERSION}: remove it, then run this again.`,
    );
  return python;
}

/**
 * Makes a virtual environment anew, with packages of PyPI.
 * @param {string} folder
 * @param {string[]} packages
 * @returns {Promise<string>} its Python
 */
export async function installPython(folder, packages) {
  const system = which('python3');
  if (!system)
    throw new Failure(
      `python3 is missing, which tests need for ${packages.join(', ')}: install Python, 3.10 or later, then run this again.`,
    );
  rmSync(folder, { recursive: true, force: true });
  await quietly(system, ['-m', 'venv', folder]).catch((error) => {
    throw new Failure(
      `python3 cannot make a virtual environment; Debian has that apart, in the package python3-venv.\n\n${error.message}`,
    );
  });
  const python = path.join(folder, 'bin', 'python');
  await quietly(python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages]).catch((error) => {
    throw new Failure(`pip cannot install ${packages.join(', ')}: is its registry in reach?\n\n${error.message}`);
  });
  return python;
}

// The client packages of npm and PyPI that our servers are tested with.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { installPython } from './python.mjs';
import { step } from './step.mjs';
import { ensurePackage } from './tool-package.mjs';

const PYTHON_PACKAGES = [
  'httpx==0.28.1',
  'httpx-sse==0.4.3',
  'requests==2.34.2',
  'sseclient-py==1.9.0',
  'aiohttp==3.14.5',
  'aiohttp-sse-client==0.2.1',
];

/**
 * Installs the clients, once.
 * @returns {Promise<{ folder: string, python: string }>} the folder that has `node_modules`, and the
 * Python that has the packages
 */
export async function ensureClients() {
  const folder = await ensurePackage('clients', 'tests/clients/packages', { last: 'installed' });
  const python = path.join(folder, 'python', 'bin', 'python');
  // The last of the packages to be installed.
  const done = path.join(folder, 'python', 'bin', 'httpx');
  if (existsSync(done)) return { folder, python };
  await step('installing the clients of PyPI', () => installPython(path.join(folder, 'python'), PYTHON_PACKAGES));
  return { folder, python };
}

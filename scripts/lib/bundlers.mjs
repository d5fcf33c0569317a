// The bundlers and runtimes that the packed package is tested with: a gigabyte, and nothing that a
// build needs. So they are a package of their own, which is installed when its tests run.

import { ensurePackage } from './tool-package.mjs';

/** @returns {Promise<string>} the folder that has their `node_modules` */
export const ensureBundlers = () =>
  ensurePackage('bundlers', 'tests/bundlers', { last: 'installed', hint: ' (about a minute, this once)' });

/** The frameworks that the recipes run in. @returns {Promise<string>} the folder that has their `node_modules` */
export const ensureHosts = () => ensurePackage('hosts', 'tests/hosts', { last: 'installed' });

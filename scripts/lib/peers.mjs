// The packages that ours is measured beside: a package of their own, installed when they are.

import { ensurePackage } from './tool-package.mjs';

/** @returns {Promise<string>} the folder that has their `node_modules`, and a module `load.mjs` which imports them as their users do */
export const ensurePeers = () =>
  ensurePackage('peers', 'benches/peers', { last: 'load.mjs', text: 'export const load = (name) => import(name);\n' });

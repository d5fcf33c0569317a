// Where things are. Everything else asks here, so that no other file builds a path from the root.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** @param {...string} parts */
export const inRoot = (...parts) => path.join(ROOT, ...parts);

/**
 * Compiled tools live here. `ERIC_TOOLS` moves them, so that several clones can share one folder.
 */
export const TOOLS = path.resolve(ROOT, process.env.ERIC_TOOLS || '.tools');

export const PKG = inRoot('pkg');
export const DIST = inRoot('dist');
export const NODE_MODULES = inRoot('node_modules');

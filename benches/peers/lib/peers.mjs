// The peers, which are installed beside the other tools: `ERIC_PEERS` names the folder.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Imports a peer, as its users do.
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function peer(name) {
  const { load } = await import(pathToFileURL(path.join(String(process.env.ERIC_PEERS), 'load.mjs')).href);
  return load(name);
}

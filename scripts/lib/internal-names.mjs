// Names that the build shortens: members of objects that stay within one copy of the package.
//
// No program sees them, nor does another copy of the package, a Worker's storage or another object
// of a tree: those know the members of a channel, a listener, a sink and a message by their names.
// A new member is shortened only if it is added here, so that forgetting one costs bytes alone.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { DIST, inRoot } from './paths.mjs';

export const NAMES = [
  // The core's calls, and what it is handed: js/wasm.
  ...['isClosed', 'isOver', 'isQuiet', 'rewind', 'setFilter', 'setOnMessage', 'setRunning'],
  ...['delaySeconds', 'exception', 'refusedSends', 'waitingSince', 'wakeSoon', 'woken'],
  // A channel's inside: js/channel.
  ...['connections', 'coreOf', 'dispatched', 'draining', 'followCore', 'keep', 'lastId', 'resumable', 'setCore'],
  ...['settings', 'subscriptionOf', 'subscriptions'],
  ...['endIfOver', 'endIfStopped', 'endStreams', 'nextNow', 'onEnd', 'unsentId'],
  // A response's inside: js/response.
  ...['beat', 'hasMore', 'heartbeat', 'holds', 'isAsked', 'isWaiting', 'keepMilliseconds', 'look', 'note'],
  ...['maxDuration', 'stall', 'waits'],
  // An object's inside: js/cloudflare.
  ...['addLeaf', 'catchUp', 'closedAt', 'dueMilliseconds', 'expire', 'inOrder', 'isJoined', 'life'],
  ...['batch', 'listen', 'oldestAt', 'optionsFor', 'quietMilliseconds', 'rang', 'removeLeaf', 'renew', 'restart'],
  ...['sending', 'settle', 'sockets', 'store', 'tell', 'wake'],
  // js/socket and js/testing.
  ...['everyMilliseconds', 'isUsed'],
];

/** Matches the names. @throws {Failure} if one is known outside. */
export function internalNames() {
  const declared = textOf(path.join(DIST, 'types'), /\.d\.ts$/);
  const source = textOf(inRoot('js'), /\.ts$/);
  for (const name of NAMES) {
    const fault =
      (new RegExp(`\\b${name}\\b`).test(declared) && 'is declared to programs') ||
      (new RegExp(`['"\`]${name}['"\`]`).test(source) && 'is written as a text');
    if (fault) throw new Failure(`the name ${name} ${fault}: take it out of scripts/lib/internal-names.mjs.`);
  }
  return new RegExp(`^(?:${NAMES.join('|')})$`);
}

/**
 * The text of a folder's files, without comments, the names of modules, and parts of types.
 * @param {string} folder
 * @param {RegExp} names of the files
 */
const textOf = (folder, names) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => names.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .join('\n')
    .replace(/\/\*[^]*?\*\/|^ *\/\/.*$|\bfrom '.*|\bPick<.*?>/gm, '');

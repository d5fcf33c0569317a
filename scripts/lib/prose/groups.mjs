// The groups of files whose prose is counted, each with a limit of its own.

import { execFileSync } from 'node:child_process';
import { ROOT } from '../paths.mjs';

/** The first entry that fits a path says its group. @type {[group: string, fits: RegExp][]} */
const GROUPS = [
  ['src', /^src\/.*\.rs$/],
  ['js', /^js\/.*\.ts$/],
  ['tests', /^tests\/.*\.(rs|mjs|cjs|js|ts|py)$/],
  ['scripts', /^scripts\/.*\.mjs$/],
  ['benches', /^benches\/.*\.(rs|mjs|py)$/],
  ['fuzz', /^fuzz\/.*\.rs$/],
  ['www', /^www\/.*\.(mjs|js|html|css)$/],
  ['examples', /^examples\/.*\.(rs|ts)$/],
  ['README', /^README\.md$/],
  ['CONTRIBUTING', /^CONTRIBUTING\.md$/],
  ['docs', /^(docs\/.*|CHANGELOG)\.md$/],
];

/** @param {string} path relative to the root, with slashes */
export const groupOf = (path) => GROUPS.find(([, fits]) => fits.test(path))?.[0];

/** The files of the repository by group. Files that git ignores are in none. @returns {Map<string, string[]>} */
export function filesByGroup() {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  const removed = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  /** @type {Map<string, string[]>} */
  const groups = new Map(GROUPS.map(([group]) => [group, []]));
  for (const path of listed.split('\0')) {
    const group = groupOf(path);
    if (group && !removed.includes(path)) groups.get(group)?.push(path);
  }
  return groups;
}

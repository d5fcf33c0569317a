// The claims that a file makes: its parts, each begun by a line `// claim: …`.

import { readFileSync } from 'node:fs';

const CLAIM = /^\/\/ claim: (.+)$/;
const EXPECTED = /^\s*\/\/ @ts-expect-error\b(?: TS(\d+): \S)?/;

/**
 * @typedef {object} Claim
 * @property {string} title
 * @property {number} first its first line, from 0
 * @property {number} end the line after its last
 * @property {{ line: number, code: number }[]} expected the lines that must not compile, and with which error
 */

/**
 * @param {string} file
 * @returns {{ claims: Claim[], head: number }} and the line after the file's head, which all claims share
 */
export function claimsOf(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const starts = lines.flatMap((line, number) => (CLAIM.test(line) ? [number] : []));
  const claims = starts.map((first, i) => {
    const end = starts[i + 1] ?? lines.length;
    return { title: CLAIM.exec(lines[first])[1], first, end, expected: expectedIn(lines, first, end) };
  });
  return { claims, head: starts[0] ?? lines.length };
}

function expectedIn(lines, first, end) {
  const expected = [];
  for (let line = first; line < end; line++) {
    const found = EXPECTED.exec(lines[line]);
    if (!found) continue;
    if (!found[1]) throw new Error(`line ${line + 1} expects an error without naming its code and why`);
    expected.push({ line: line + 1, code: Number(found[1]) });
  }
  return expected;
}

/**
 * The same text, in which the errors are expected no longer.
 * @param {string} text
 */
export const unexpected = (text) => text.replaceAll('@ts-expect-error', '');

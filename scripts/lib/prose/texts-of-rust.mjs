// The prose of Rust, Python and CSS, by a scanner that knows comments and strings.

import { joinedComments } from './comments.mjs';

/** @typedef {import('./texts.mjs').Text} Text */

const RUST =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|b?r(?<hashes>#*)"(?<raw>[\s\S]*?)"\k<hashes>|b?"(?<string>(?:\\[\s\S]|[^"\\])*)"|'(?:\\[^\n]{1,8}?|[^\\'\n])'/g;
const PYTHON = /(?<comment>#[^\n]*|"""[\s\S]*?""")|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
const STYLE = /(?<comment>\/\*[\s\S]*?\*\/)|"[^"\n]*"|'[^'\n]*'/g;

/** The name of a test, which underscores join. */
const TEST = /#\[(?:\w+::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)|async_test!\(\s*(\w+)/g;

/**
 * @param {string} source
 * @param {boolean} literals whether strings of several words count
 * @returns {Text[]}
 */
export function textsOfRust(source, literals) {
  const texts = scanned(source, RUST, (groups) => {
    const string = groups.string?.replace(/\\\n\s*/g, '').replace(/\\"/g, '"') ?? groups.raw;
    const isProse = literals && string && /[a-z]{2,}( \S+){3,}/.test(string) && !/\\[nrx0]|;$|[<>=]/.test(string);
    return isProse ? string.replace(/\{[^{}]*\}/g, 'value') : undefined;
  });
  for (const match of source.matchAll(TEST)) {
    const name = match[1] ?? match[2] ?? '';
    texts.push({ kind: 'test', line: lineOf(source, match.index + match[0].length), text: name.replaceAll('_', ' ') });
  }
  return texts;
}

/** @param {string} source */
export const textsOfPython = (source) => scanned(source, PYTHON, () => undefined);

/** @param {string} source */
export const textsOfStyle = (source) => scanned(source, STYLE, () => undefined);

/**
 * @param {string} source
 * @param {RegExp} tokens with a group `comment`
 * @param {(groups: Record<string, string | undefined>) => string | undefined} proseOf
 * @returns {Text[]}
 */
function scanned(source, tokens, proseOf) {
  /** @type {Text[]} */
  const texts = [];
  /** @type {Parameters<typeof joinedComments>[0]} */
  const comments = [];
  for (const { index, groups = {} } of source.matchAll(tokens)) {
    const line = lineOf(source, index);
    if (groups.comment) {
      const before = source.slice(source.lastIndexOf('\n', index - 1) + 1, index);
      comments.push({ line, column: before.length, text: groups.comment, alone: before.trim() === '' });
    } else {
      const text = proseOf(groups);
      if (text) texts.push({ kind: 'text', line, text });
    }
  }
  return [...joinedComments(comments), ...texts];
}

/** @param {string} source @param {number} index */
const lineOf = (source, index) => source.slice(0, index).split('\n').length;

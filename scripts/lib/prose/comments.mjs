// The text of comments, without what marks them.

/** @typedef {import('./texts.mjs').Text} Text */

/** Lines that instruct a tool, and section signs of a test framework. */
const DIRECTIVE = /^\s*(biome-ignore|@ts-|@vite-ignore|@__PURE__|eslint|webpack|#__PURE__|<reference|!)/;
/** A tag of JSDoc with its type and its name; the text behind it is a sentence of its own. */
const TAG =
  /@(?:param|property|template|prop)\s+(?:\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}\s*)?\[?[\w.$]+[^\s]*\]?|@\w+(?:\s+\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})?/g;

/**
 * Removes the marks of a comment, and leaves its lines where they are.
 * @param {string} comment as it is in the file
 */
export function plainComment(comment) {
  const lines = comment.split('\n').map((line) =>
    line
      .replace(/^\s*(\/\/[/!]?|\/\*\*?|\*(?!\/)|#)\s?/, '')
      .replace(/\s*\*\/\s*$/, '')
      .trimEnd(),
  );
  const text = lines.map((line, at) => (DIRECTIVE.test(line) || isTable(lines, at) ? '' : line)).join('\n');
  return withoutCode(text)
    .replace(/\{@(?:link|linkcode)\s+([^}|]*?)(?:\s*\|\s*([^}]*))?\}/g, (_, target, title) => title ?? target)
    .replace(TAG, (tag) => `${tag.replace(/[^\n]/g, '')}\n\n`.replace('\n\n', PARAGRAPH));
}

/**
 * Whether an indented line is part of a table or of usage, and does not continue an item of a list.
 */
function isTable(/** @type {string[]} */ lines, /** @type {number} */ at) {
  const isIndented = (/** @type {string | undefined} */ line) => /^ {2,}\S/.test(line ?? '');
  if (!isIndented(lines[at])) return false;
  let before = at;
  while (before >= 0 && isIndented(lines[before])) before--;
  return !lines[before]?.trim();
}

/** Ends a sentence without another line, which would move the numbers of the lines behind it. */
export const PARAGRAPH = '\u2029';

/** Blanks examples of code, and makes one word of each piece of code within a sentence. @param {string} text */
export function withoutCode(text) {
  return text
    .replace(/^( *)(```|~~~)[^\n]*\n[\s\S]*?^ *\2/gm, (code) => code.replace(/[^\n]/g, ''))
    .replace(/``[^`]+``|`[^`\n]+`/g, 'code');
}

/**
 * Joins line comments that stand under each other.
 * @param {{ line: number, column: number, text: string, alone: boolean }[]} comments in their order
 * @returns {Text[]}
 */
export function joinedComments(comments) {
  /** @type {{ line: number, last: number, column: number, text: string, alone: boolean }[]} */
  const joined = [];
  for (const { line, column, text, alone } of comments) {
    const before = joined.at(-1);
    const mark = /^\/\/[/!]?|^#/.exec(text)?.[0];
    if (
      before &&
      mark &&
      alone &&
      before.alone &&
      before.last === line - 1 &&
      before.column === column &&
      before.text.startsWith(mark)
    ) {
      before.text += `\n${text}`;
      before.last = line;
    } else joined.push({ line, last: line + text.split('\n').length - 1, column, text, alone });
  }
  return joined.map(({ line, text }) => ({ kind: 'comment', line, text: plainComment(text) }));
}

// Comments wrap at 100 columns.

import ts from 'typescript';
import { commentsOf } from './texts-of-scripts.mjs';

export const MOST_COLUMNS = 100;

/** A word that cannot be wrapped, or a line that a tool reads. */
const UNBREAKABLE =
  /https?:\/\/\S{40,}|biome-ignore|@ts-|@typedef|@type |@param \{|@returns \{|@property \{|^\s*\/\/[/!] \||example:/;

/**
 * The lines whose comment is too long.
 * @param {string} path
 * @param {string} source
 * @returns {number[]}
 */
export function longComments(path, source) {
  const lines = withoutExamples(source).split('\n');
  const isLong = (/** @type {number} */ line) => {
    const text = lines[line - 1] ?? '';
    return text.length > MOST_COLUMNS && !UNBREAKABLE.test(text);
  };
  if (/\.(mjs|cjs|js|ts)$/.test(path)) {
    const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
    return commentsOf(file)
      .filter(({ alone }) => alone)
      .flatMap(({ line, text }) => text.split('\n').map((_, at) => line + at))
      .filter(isLong);
  }
  if (!/\.(rs|css|py)$/.test(path)) return [];
  const isComment = /^\s*(\/\/|\/\*|\*|#(?!\[|!\[))/;
  return lines.map((text, at) => (isComment.test(text) ? at + 1 : 0)).filter((line) => line && isLong(line));
}

/**
 * Blanks code in comments, which is as wide as code may be: fenced, or behind `@example`.
 * @param {string} source
 */
function withoutExamples(source) {
  const blank = (/** @type {string} */ part) => part.replace(/[^\n]/g, '');
  return source
    .replace(/^([ \t]*(?:\/\/[/!]|\*) ?)```[\s\S]*?^[ \t]*(?:\/\/[/!]|\*) ?```/gm, blank)
    .replace(/^[ \t]*\* @example\n(?:[ \t]*\* (?!@).*\n)*/gm, blank);
}

// Finds the prose of a file: comments, test names, and texts that a user may read.

import { textsOfMarkdown, textsOfPage } from './texts-of-pages.mjs';
import { textsOfPython, textsOfRust, textsOfStyle } from './texts-of-rust.mjs';
import { textsOfScript } from './texts-of-scripts.mjs';

/**
 * @typedef {object} Text
 * @property {'comment' | 'text' | 'test' | 'markdown' | 'heading'} kind
 * @property {number} line of its first line, from 1 on
 * @property {string} text with a line feed for each line of the file that it spans
 */

/**
 * @param {string} path
 * @param {string} source
 * @returns {Text[]}
 */
export function textsOf(path, source) {
  // A test has many strings that are data; elsewhere a string of several words is meant for a
  // reader.
  const literals = !path.startsWith('tests/') && !path.startsWith('fuzz/');
  switch (path.slice(path.lastIndexOf('.') + 1)) {
    case 'rs':
      return textsOfRust(source, literals);
    case 'py':
      return textsOfPython(source);
    case 'css':
      return textsOfStyle(source);
    case 'html':
      return textsOfPage(source);
    case 'md':
      return textsOfMarkdown(source);
    default:
      return textsOfScript(path, source, literals);
  }
}

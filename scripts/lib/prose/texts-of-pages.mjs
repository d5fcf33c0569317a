// The prose of Markdown and HTML.

import { PARAGRAPH, withoutCode } from './comments.mjs';

/** @typedef {import('./texts.mjs').Text} Text */

/** @param {string} source @returns {Text[]} */
export function textsOfMarkdown(source) {
  const blank = (/** @type {string} */ part) => part.replace(/[^\n]/g, '');
  const plain = withoutCode(source.replace(/^---\n[\s\S]*?\n---\n/, blank).replace(/<!--[\s\S]*?-->/g, blank))
    .replace(/!?\[([^\]]*)\](\([^)\s]*\)|\[[^\]]*\])/g, '$1')
    .replace(/^\s*\|[\s:|-]+\|\s*$/gm, '')
    .replace(/<[^>\n]+>/g, '');
  /** @type {Text[]} */
  const texts = [];
  let text = '';
  let start = 1;
  plain.split('\n').forEach((line, at) => {
    const isHeading = /^#{1,6} /.test(line);
    if (isHeading || line.trim() === '') {
      if (text) texts.push({ kind: 'markdown', line: start, text });
      if (isHeading) texts.push({ kind: 'heading', line: at + 1, text: line.replace(/^#+ /, '') });
      text = '';
      return;
    }
    const plainLine = line
      .replace(/^\s*(?:[-*+]|\d+\.) /, PARAGRAPH)
      .replace(/^\s*> ?/, '')
      .replaceAll('|', PARAGRAPH)
      .replace(/\*\*|__/g, '');
    if (text) text += `\n${plainLine}`;
    else [text, start] = [plainLine, at + 1];
  });
  if (text) texts.push({ kind: 'markdown', line: start, text });
  return texts;
}

/** @param {string} source @returns {Text[]} */
export function textsOfPage(source) {
  const lineOf = (/** @type {number} */ index) => source.slice(0, index).split('\n').length;
  const blank = (/** @type {string} */ part) => part.replace(/[^\n]/g, ' ');
  const markup = source.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, blank);
  /** @type {Text[]} */
  const texts = [];
  for (const { 1: text = '', index } of markup.matchAll(/<!--([\s\S]*?)-->/g)) {
    texts.push({ kind: 'comment', line: lineOf(index), text });
  }
  for (const { 1: text = '', index } of markup.matchAll(/\b(?:title|aria-label|placeholder|content)="([^"]*)"/g)) {
    texts.push({ kind: 'text', line: lineOf(index), text });
  }
  // Elements within a sentence are removed; all others end it.
  const plain = markup
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/<(code|kbd|output|b|output)\b[^>]*>[^<]*<\/\1>/g, (part) => `code${part.replace(/[^\n]/g, '')}`)
    .replace(/<\/?(a|em|strong|i|span|abbr|small)\b[^>]*>/g, (part) => part.replace(/[^\n]/g, ''));
  for (const { 0: text, index } of plain.matchAll(/(?<=>)[^<>]+(?=<)/g)) {
    if (text.trim()) texts.push({ kind: 'text', line: lineOf(index), text });
  }
  return texts;
}

// Splits texts into sentences, and finds those that a reader stumbles over.

import { PARAGRAPH } from './comments.mjs';

/** @typedef {import('./texts.mjs').Text} Text */

/**
 * @typedef {object} Sentence
 * @property {Text['kind']} kind
 * @property {number} line
 * @property {string} text
 */

/** More words than this, and a sentence has two ideas. */
export const MOST_WORDS = 30;

/** Fewer words are a label, not a sentence. */
const FEWEST_WORDS = 3;

/**
 * A subject that is no noun, at the start of a sentence or of one of its main clauses: the reader
 * has to guess the meaning of "What is kept" or "Who leaves".
 */
const SUBJECT =
  'what|who|whoever|whom|whose|whatever|whichever|those (?:who|that|of|which)|nobody|somebody|such as (?:is|are)';
const HEADLESS = new RegExp(
  `^\\W*(?:${SUBJECT}|that|so (?:many|long|much)|nor|one (?:that|who)|(?:and|but|only) (?:what|who)|as (?:those|that) of)\\b(?! is,)` +
    `|[:;] (?:and |but )?(?:${SUBJECT.replace('what|', '')}|one (?:that|who))\\b`,
  'i',
);

/** Phrases that do not say what they mean, or that mean another thing to most readers. */
const RIDDLE = new RegExp(
  [
    'but (that|for|when)\\b',
    'nobody can\\b',
    '(is|are|was|were) none\\b',
    'of ours\\b',
    '(?<!\\b(client|reader|listener|user|server|sender|visitor|developer|one|process)s? )who (comes?|has|have|is|are|reads?|leaves?)\\b',
    'whoever',
    'whomever',
    'in whichever',
    'up to where',
    '(has|have|had) it done',
    '(is|are|was|were|be) told\\b',
    '(come|comes|came|coming) back\\b(?! to\\b)',
    '(stands?|lies) (at|behind) ',
    'own affair',
    'so (many|long) as\\b',
  ].join('|'),
  'i',
);

/** @type {Record<'headless' | 'riddle' | 'long', (sentence: string) => boolean>} */
export const RULES = {
  headless: (sentence) => HEADLESS.test(sentence) && !sentence.endsWith('?'),
  riddle: (sentence) => RIDDLE.test(sentence),
  // A quotation of the standard stays as it is.
  long: (sentence) => sentence.split(/\s+/).length > MOST_WORDS && !/^["“].*["”]$/.test(sentence),
};

/** @typedef {keyof typeof RULES} Rule */

/**
 * The sentences of texts. Headings and questions may begin with "What"; titles of two words are
 * none.
 * @param {Text[]} texts
 * @returns {Sentence[]}
 */
export function sentencesOf(texts) {
  /** @type {Sentence[]} */
  const sentences = [];
  for (const { kind, line, text } of texts) {
    if (kind === 'heading') continue;
    let at = 0;
    // A full stop ends a sentence unless a small letter follows, as behind "e.g."; a piece of code
    // may begin one.
    for (const part of text.split(ENDS)) {
      const start = at;
      at += part.length;
      const sentence = part.replaceAll(PARAGRAPH, ' ').replace(/\s+/g, ' ').trim();
      if (sentence.split(' ').length <= FEWEST_WORDS || !/[a-z]{2}/i.test(sentence)) continue;
      const blank = part.length - part.replace(/^[\s\u2029]+/, '').length;
      const lines = text.slice(0, start + blank).split('\n').length - 1;
      sentences.push({ kind, line: line + lines, text: sentence });
    }
  }
  return sentences;
}

const ENDS =
  /(?<=[.!?]["')*]*)(?=\s+["'(*]*(?:[^a-z\s"'(*]|code\b|value\b))|(?=\n\s*\n)|(?=\n\s*(?:[-*+]|\d+\.) )|(?=\u2029)/;

/** The faults of a sentence. @param {string} sentence */
export const faultsOf = (sentence) =>
  /** @type {Rule[]} */ (Object.keys(RULES)).filter((rule) => RULES[rule](sentence));

// The prose of JavaScript and TypeScript, as TypeScript's parser sees it.

import ts from 'typescript';
import { joinedComments } from './comments.mjs';

/** @typedef {import('./texts.mjs').Text} Text */

const TESTS = new Set(['test', 'it', 'describe', 'suite']);

/**
 * @param {string} path
 * @param {string} source
 * @param {boolean} literals whether every string of several words counts, not only those of exceptions
 * @returns {Text[]}
 */
export function textsOfScript(path, source, literals) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const lineAt = (/** @type {number} */ at) => file.getLineAndCharacterOfPosition(at).line + 1;
  /** @type {Text[]} */
  const texts = [];
  visit(file);
  return [...joinedComments(commentsOf(file)), ...texts];

  /** @param {ts.Node} node */
  function visit(node) {
    if (isText(node)) {
      const kind = kindOf(node, literals);
      if (kind) texts.push({ kind, line: lineAt(node.getStart()), text: wordsOf(node) });
      if (!ts.isTemplateExpression(node)) return;
    }
    ts.forEachChild(node, visit);
  }
}

/** @param {ts.Node} node @returns {node is ts.StringLiteral | ts.TemplateExpression | ts.NoSubstitutionTemplateLiteral} */
const isText = (node) =>
  ts.isStringLiteral(node) || ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node);

/**
 * The use of a string, if it is prose.
 * @param {ts.Node} node
 * @param {boolean} literals
 * @returns {Text['kind'] | undefined}
 */
function kindOf(node, literals) {
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isLiteralTypeNode(parent)) return;
  if (ts.isCallExpression(parent) && parent.arguments[0] === node) {
    const called = parent.expression.getText().split('.')[0] ?? '';
    if (TESTS.has(called)) return 'test';
  }
  if (ts.isNewExpression(parent) && /(Error|Exception|Failure)$/.test(parent.expression.getText())) return 'text';
  return literals && /[a-z]{2,}( \S+){3,}/.test(wordsOf(node)) && !/[<>{};=]/.test(wordsOf(node)) ? 'text' : undefined;
}

/** The words of a string; what is put into it counts as one. @param {ts.Node} node */
function wordsOf(node) {
  if (!ts.isTemplateExpression(node)) return /** @type {ts.StringLiteral} */ (node).text;
  return node.head.text + node.templateSpans.map(({ literal }) => `value${literal.text}`).join('');
}

/** @param {ts.SourceFile} file */
export function commentsOf(file) {
  const source = file.text;
  /** @type {Map<number, { line: number, column: number, text: string, alone: boolean }>} */
  const found = new Map();
  tokens(file);
  return [...found.entries()].sort(([one], [other]) => one - other).map(([, comment]) => comment);

  /** @param {ts.Node} node */
  function tokens(node) {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
    if (node.kind !== ts.SyntaxKind.JsxText) {
      ts.forEachLeadingCommentRange(source, node.pos, add);
      ts.forEachTrailingCommentRange(source, node.end, add);
    }
    node.getChildren(file).forEach(tokens);
  }

  /** @param {number} pos @param {number} end */
  function add(pos, end) {
    const { line, character } = file.getLineAndCharacterOfPosition(pos);
    const alone = source.slice(pos - character, pos).trim() === '';
    found.set(pos, { line: line + 1, column: character, text: source.slice(pos, end), alone });
  }
}

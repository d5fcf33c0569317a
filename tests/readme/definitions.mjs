// What a file defines: the names that its functions, classes, types and variables have there.

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { ROOT } from './documents.mjs';

/** @type {Map<string, Set<string>>} */
const known = new Map();

/**
 * Returns the names that a file defines, those inside of its classes and functions included.
 * @param {string} file
 */
export function definitionsIn(file) {
  let names = known.get(file);
  if (!names) {
    const text = readFileSync(ROOT + file, 'utf8');
    names = new Set(file.endsWith('.rs') ? namesInRust(text) : namesInScript(file, text));
    known.set(file, names);
  }
  return names;
}

/** @param {string} text */
function namesInRust(text) {
  const definition = /^\s*(?:pub(?:\([a-z]+\))? )?(?:async )?(?:fn|struct|enum|trait|type) (\w+)/gm;
  return [...text.matchAll(definition)].map(([, name]) => name);
}

/**
 * @param {string} file
 * @param {string} text
 */
function namesInScript(file, text) {
  /** @type {string[]} */
  const names = [];
  /** @param {ts.Node & { name?: ts.Node }} node */
  const visit = (node) => {
    const isNamed =
      ts.isFunctionLike(node) ||
      ts.isClassLike(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isVariableDeclaration(node);
    if (isNamed && node.name) names.push(node.name.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return names;
}

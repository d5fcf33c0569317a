// The counter of prose: which texts it reads, and which sentences it reports.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { longComments } from '../../scripts/lib/prose/columns.mjs';
import { groupOf } from '../../scripts/lib/prose/groups.mjs';
import { faultsOf, sentencesOf } from '../../scripts/lib/prose/rules.mjs';
import { textsOf } from '../../scripts/lib/prose/texts.mjs';

const sentences = (path, source) => sentencesOf(textsOf(path, source)).map(({ line, text }) => [line, text]);

describe('sentences', () => {
  test('of JavaScript are found in comments of each form, with their lines', () => {
    const source = [
      '// The first comment goes on',
      '// in a second line. The next sentence is here.',
      'let x = 1; // A comment may stand behind code.',
      '/** Returns the sum of two. @param {number} a the first number of two @returns {number} */',
    ].join('\n');
    assert.deepEqual(sentences('scripts/a.mjs', source), [
      [1, 'The first comment goes on in a second line.'],
      [2, 'The next sentence is here.'],
      [3, 'A comment may stand behind code.'],
      [4, 'Returns the sum of two.'],
      [4, 'the first number of two'],
    ]);
  });

  test('of JavaScript are found in test names, errors and texts, not in imports', () => {
    const source =
      "import './a file of many words.mjs';\nthrow new TypeError(`x must be a number`);\nconsole.log('the server is ready now');";
    assert.deepEqual(sentences('scripts/a.mjs', source), [
      [2, 'x must be a number'],
      [3, 'the server is ready now'],
    ]);
    const tests = "test('a reader gets every message', () => send('the data of a test case'));";
    assert.deepEqual(sentences('tests/a.mjs', tests), [[1, 'a reader gets every message']]);
  });

  test('leave out indented lines of a comment, which are a table', () => {
    const source =
      '// The commands are these:\n//\n//   npm run a  does the first thing\n//\n// - The list goes\n//   on here.';
    assert.deepEqual(sentences('scripts/a.mjs', source), [
      [1, 'The commands are these:'],
      [5, '- The list goes on here.'],
    ]);
  });

  test('of Rust are found in comments, names of tests and texts', () => {
    const source = [
      '//! The module of a kind.',
      "fn f() -> char { '\"' } // A quote opens no string.",
      '#[test]',
      'fn a_reader_gets_every_message() {}',
      'const TEXT: &str = "no listener has the id {id}";',
    ].join('\n');
    assert.deepEqual(
      sentences('src/a.rs', source).sort(([one], [other]) => one - other),
      [
        [1, 'The module of a kind.'],
        [2, 'A quote opens no string.'],
        [4, 'a reader gets every message'],
        [5, 'no listener has the id value'],
      ],
    );
  });

  test('of Markdown leave out headings, code and marks', () => {
    const source =
      '# What it does not promise\n\nA channel [keeps](x.md) `n` messages.\n\n```js\nlet a = 1;\n```\n- The list has an item.\n';
    assert.deepEqual(sentences('README.md', source), [
      [3, 'A channel keeps code messages.'],
      [8, 'The list has an item.'],
    ]);
  });

  test('of a page are its texts, with the elements within a sentence', () => {
    const source = '<p>Each client <em>keeps</em> its place.</p>\n<script>let a = "some words of a script";</script>';
    assert.deepEqual(sentences('www/a.html', source), [[1, 'Each client keeps its place.']]);
  });

  test('of one file belong to one group', () => {
    assert.equal(groupOf('src/queue/mod.rs'), 'src');
    assert.equal(groupOf('docs/guide/channels.md'), 'docs');
    assert.equal(groupOf('package.json'), undefined);
  });
});

describe('a sentence', () => {
  for (const sentence of [
    'What nobody can be owed is evicted.',
    'Who is far behind reads in parts.',
    'Those that come later wait.',
    'So many messages are kept.',
    'drain: who reads nothing is ended',
    'One that stalls is given up.',
  ]) {
    test(`has no noun as its subject: ${sentence}`, () => assert.ok(faultsOf(sentence).includes('headless')));
  }

  for (const sentence of [
    'A client that comes back is replayed.',
    'The client is told of the loss.',
    'It holds, but for one case.',
    'An id of ours is short.',
    'The option is none.',
  ]) {
    test(`has an idiom: ${sentence}`, () => assert.ok(faultsOf(sentence).includes('riddle')));
  }

  test('of 31 words is long, one of 30 is not', () => {
    assert.deepEqual(faultsOf('word '.repeat(31).trim()), ['long']);
    assert.deepEqual(faultsOf('word '.repeat(30).trim()), []);
  });

  for (const sentence of [
    'A reconnecting client receives every message that it missed.',
    'What does it cost?',
    'The published types: what programs may write.',
    'The position says what a client has.',
  ]) {
    test(`is plain: ${sentence}`, () => assert.deepEqual(faultsOf(sentence), []));
  }
});

describe('a comment', () => {
  const long = `// ${'word '.repeat(25)}`;

  test('over 100 columns is reported with its line', () => {
    assert.deepEqual(longComments('js/a.ts', `let a = 1;\n${long}`), [2]);
    assert.deepEqual(longComments('src/a.rs', `let a = 1;\n    ${long}`), [2]);
  });

  test('with a long address, or for a tool, may be longer', () => {
    assert.deepEqual(longComments('js/a.ts', `// https://example.com/${'x'.repeat(100)}`), []);
    assert.deepEqual(longComments('js/a.ts', `// biome-ignore lint/a/b: ${'word '.repeat(25)}`), []);
  });

  test('may be longer where it is an example of code', () => {
    const code = `call(${'1, '.repeat(40)}1);`;
    assert.deepEqual(longComments('src/a.rs', `/// \`\`\`\n/// ${code}\n/// \`\`\`\n/// ${'word '.repeat(25)}`), [4]);
    assert.deepEqual(longComments('js/a.ts', `/**\n * The text.\n * @example\n * ${code}\n */`), []);
  });

  test('in a string is not reported', () => {
    assert.deepEqual(longComments('js/a.ts', `const text = \`\n${long}\n\`;`), []);
  });
});

// Snippet: the lines of a source file that do the work, read from that very file.

const REGION = /^[^\n]*\/\/ #region shown\n([^]*?)^[^\n]*\/\/ #endregion/gm;

/**
 * Fills a `<details>` when it is opened.
 *
 * @param {HTMLDetailsElement} details
 * @param {[file: string, what: string][]} sources
 */
export function fillSnippet(details, sources) {
  details.addEventListener(
    'toggle',
    () => {
      for (const [file, what] of sources) {
        const caption = document.createElement('p');
        caption.textContent = `${what}, from www${file}`;
        const code = document.createElement('code');
        const block = document.createElement('pre');
        block.append(code);
        details.append(caption, block);
        shown(file).then(
          (text) => (code.textContent = text),
          (error) => (code.textContent = `not to be had: ${error.message}`),
        );
      }
    },
    { once: true },
  );
}

/** @param {string} file */
async function shown(file) {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`status ${response.status}`);
  const text = await response.text();
  return Array.from(text.matchAll(REGION), ([, lines = '']) => unindented(lines)).join('\n\n');
}

/** @param {string} lines */
function unindented(lines) {
  const indents = lines
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => line.length - line.trimStart().length);
  const indent = ' '.repeat(Math.min(...indents));
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join('\n');
}

// The docs as a site: the pages are copied into one folder with links that hold there, TypeDoc adds
// the API, VitePress builds.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { quietly } from './run.mjs';
import { hashOf, unlessFresh } from './stamp.mjs';
import { step } from './step.mjs';

/** Where the site is built. */
export const SITE = inRoot('.site/html');
const PAGES = inRoot('.site/pages');

/** Pages outside docs/, and their names in the site. @type {Record<string, string>} */
const OUTSIDE = { 'README.md': 'index.md', 'CONTRIBUTING.md': 'contributing.md', 'CHANGELOG.md': 'changelog.md' };
const INPUTS = [
  ...Object.keys(OUTSIDE),
  'LICENSE',
  'docs',
  'js',
  'examples',
  'package-lock.json',
  'scripts/lib/site.mjs',
];

/** Builds the site, unless nothing that it is made of has changed. */
export async function buildSite() {
  await unlessFresh(inRoot('.site/.stamp'), hashOf(INPUTS), async () => {
    rmSync(inRoot('.site'), { recursive: true, force: true });
    mkdirSync(PAGES, { recursive: true });
    copyPages();
    await step('making the API reference', () =>
      quietly(process.execPath, [
        inRoot('node_modules/typedoc/bin/typedoc'),
        '--options',
        inRoot('docs/.vitepress/typedoc.json'),
      ]),
    );
    await step('building the site', () =>
      quietly(process.execPath, [inRoot('node_modules/vitepress/bin/vitepress.js'), 'build', inRoot('docs')]),
    );
  });
}

function copyPages() {
  for (const entry of readdirSync(inRoot('docs'), { withFileTypes: true }))
    if (!entry.name.startsWith('.') && !entry.name.endsWith('.json'))
      cpSync(inRoot('docs', entry.name), path.join(PAGES, entry.name), { recursive: true });
  for (const [file, name] of Object.entries(OUTSIDE)) cpSync(inRoot(file), path.join(PAGES, name));
  for (const name of readdirSync(PAGES, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.md')) adaptLinks(name);
}

/** Makes the links of a page lead where the linked page is in the site. @param {string} name */
function adaptLinks(name) {
  const outside = Object.entries(OUTSIDE).find(([, page]) => page === name)?.[0];
  const source = outside ?? `docs/${name}`;
  const text = readFileSync(path.join(PAGES, name), 'utf8').replace(
    /\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)/g,
    (_all, target, anchor = '') => {
      const file = path.posix.join(path.posix.dirname(source), target);
      return `](/${pageOf(file)}${anchor})`;
    },
  );
  // Vue would take a name in angle brackets outside of code for an element.
  writeFileSync(path.join(PAGES, name), text);
}

/** Returns the page of a file. A file that is no page becomes one, which shows it. @param {string} file */
function pageOf(file) {
  if (OUTSIDE[file]) return OUTSIDE[file];
  if (file.startsWith('docs/')) return file.slice('docs/'.length);
  const page = `source/${file}.md`;
  if (!existsSync(path.join(PAGES, page))) {
    mkdirSync(path.dirname(path.join(PAGES, page)), { recursive: true });
    const content = readFileSync(inRoot(file), 'utf8');
    writeFileSync(
      path.join(PAGES, page),
      `# ${file}\n\n\`\`\`\`${path.extname(file).slice(1) || 'text'}\n${content}\n\`\`\`\`\n`,
    );
  }
  return page;
}

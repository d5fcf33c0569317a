// The site of the docs. `npm run docs` copies the pages into .site/pages first.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pages = fileURLToPath(new URL('../../.site/pages/', import.meta.url));

/** @param {string} file */
const titleOf = (file) => /^# (.+)$/m.exec(readFileSync(pages + file, 'utf8'))?.[1]?.replaceAll('`', '') ?? file;

/** The pages of a folder; those that are named first. @param {string} folder @param {string[]} first */
function group(text, folder, first = []) {
  const rest = readdirSync(pages + folder)
    .filter((file) => file.endsWith('.md') && !first.includes(file.slice(0, -'.md'.length)))
    .map((file) => file.slice(0, -'.md'.length));
  const items = [...first, ...rest].map((name) => ({
    text: titleOf(`${folder}/${name}.md`),
    link: `/${folder}/${name}`,
  }));
  return { text, items, collapsed: false };
}

/** The recipes in the groups that their list has. */
function recipes() {
  const [, ...sections] = readFileSync(`${pages}recipes.md`, 'utf8').split(/^## /m);
  const groups = sections.map((section) => {
    const files = new Set(Array.from(section.matchAll(/\]\(\/?(recipes\/[\w-]+)\.md\)/g), ([, file]) => file));
    const items = [...files].map((file) => ({ text: titleOf(`${file}.md`), link: `/${file}` }));
    return { text: section.split('\n', 1)[0], items };
  });
  return { text: 'Recipes', items: [{ text: 'All recipes', link: '/recipes' }, ...groups], collapsed: false };
}

export default {
  title: 'eric-sse',
  description: 'Server-Sent Events that survive reconnects, slow clients and deploys',
  base: '/docs/',
  srcDir: '../.site/pages',
  outDir: '../.site/html',
  cacheDir: '../.site/cache',
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' }]],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/quick-start' },
      { text: 'Recipes', link: '/recipes' },
      { text: 'API', link: '/reference/api/' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: [
      {
        text: 'eric-sse',
        items: [
          { text: 'Quick start', link: '/' },
          { text: 'Comparison', link: '/comparison' },
        ],
      },
      group('Guide', 'guide', [
        'quick-start',
        'channels',
        'streams',
        'responses',
        'reconnecting',
        'client',
        'multiplexing',
        'processes',
        'limits',
        'guarantees',
      ]),
      recipes(),
      { ...group('Reference', 'reference', ['javascript', 'options', 'events', 'errors', 'counters']) },
      group('Operations', 'operations'),
      { text: 'Performance', link: '/performance' },
      group('Design', 'design', ['overview', 'three-ways', 'decisions']),
      { text: 'Contributing', link: '/contributing' },
    ],
  },
};

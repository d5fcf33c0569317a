// `npm run house`, or `npm run house -- <checkout>` for another one: how the files and folders of
// js/ and src/ import each other.

import path from 'node:path';
import { circles, fileGraph, floors, folderGraph, listedFolders, upward } from './lib/house.mjs';
import { ROOT } from './lib/paths.mjs';

const root = path.resolve(process.argv[2] ?? ROOT);
const listed = listedFolders(root);
const row = (/** @type {(string | number)[]} */ ...cells) =>
  console.log(cells.map((cell, at) => (at === 0 ? String(cell).padEnd(14) : String(cell).padStart(9))).join(''));

row('', 'nodes', 'floors', 'arrows', 'run up', 'circles');
for (const side of /** @type {const} */ (['js', 'src'])) {
  const files = fileGraph(root, side);
  const folders = folderGraph(files, listed?.[side]);
  const up = listed && upward(files, listed[side]);
  for (const [title, graph] of /** @type {const} */ ([
    ['files', files],
    ['folders', folders],
  ])) {
    const arrows = [...graph.values()].flatMap((targets) => [...targets].filter((name) => graph.has(name))).length;
    row(`${side} ${title}`, graph.size, floors(graph), arrows, up?.length ?? 'no list', circles(graph).length);
    for (const circle of circles(graph)) console.log(`  circle: ${circle.join(', ')}`);
  }
  for (const arrow of up ?? []) console.log(`  runs up: ${arrow}`);
}

// A server of files on loopback, with the policy of a careful site.

import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const TYPES = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.html': 'text/html',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
};

/**
 * @param {object} what
 * @param {string} what.folder
 * @param {string} what.html the page at `/`
 * @param {string} [what.inline] the text of its only inline script, such as an import map
 */
export async function serve({ folder, html, inline }) {
  const hash = inline === undefined ? '' : ` 'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'${hash}; base-uri 'none'`;
  const server = createServer((request, response) => {
    response.setHeader('Content-Security-Policy', policy);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') return response.setHeader('Content-Type', 'text/html').end(html);
    const file = path.join(folder, path.posix.normalize(decodeURIComponent(pathname)));
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

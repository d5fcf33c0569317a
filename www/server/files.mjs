// Files: www/ and dist/ over HTTP, as one fetch handler for Node.

import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WWW = fileURLToPath(new URL('..', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** The files that are served, by the end of their names. */
const TYPES = new Map(
  Object.entries({
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.wasm': 'application/wasm',
    '.map': 'application/json',
  }),
);

/** @param {Request} request */
export async function files(request) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refusal(405, 'METHOD_NOT_ALLOWED', 'files are only read', { Allow: 'GET, HEAD' });
  }
  const name = nameOf(new URL(request.url).pathname);
  if (name === undefined) return refusal(400, 'BAD_PATH', 'the path is not one of a file');
  const type = TYPES.get(path.extname(name));
  const content = type === undefined ? undefined : await contentOf(name);
  if (type === undefined || content === undefined) return refusal(404, 'NOT_FOUND', 'there is no such file');
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(content), {
    headers: {
      'Content-Type': type,
      'Content-Length': String(content.byteLength),
      'Content-Security-Policy': policyFor(type.startsWith('text/html') ? content.toString() : ''),
      'Cache-Control': 'no-cache',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
  });
}

/** Returns a path without anything that leads up or aside, or `undefined`. @param {string} pathname */
function nameOf(pathname) {
  let name;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (/[\0\\]/.test(name)) return undefined;
  if (name.split('/').some((part) => part.startsWith('.'))) return undefined;
  return name.endsWith('/') ? `${name}index.html` : name;
}

/** @param {string} name */
async function contentOf(name) {
  const [folder, rest] = name.startsWith('/dist/') ? [DIST, name.slice('/dist/'.length)] : [WWW, name.slice(1)];
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(path.join(folder, rest))]);
    // A link may lead out of the folder all the same.
    return file.startsWith(root + path.sep) ? await readFile(file) : undefined;
  } catch {
    return undefined;
  }
}

/** The page's own files, its import map, WebAssembly, and nothing else. @param {string} html */
function policyFor(html) {
  const [, map] = /<script type="importmap">([^]*?)<\/script>/.exec(html) ?? [];
  const hash = map === undefined ? '' : ` 'sha256-${createHash('sha256').update(map).digest('base64')}'`;
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval'${hash}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** @param {number} status @param {string} code @param {string} message @param {Record<string, string>} [headers] */
function refusal(status, code, message, headers) {
  return new Response(JSON.stringify({ error: { code, message } }), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Content-Type-Options': 'nosniff', ...headers },
  });
}

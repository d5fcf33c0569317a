// Files: www/ and dist/ over HTTP, as one fetch handler for Node.

import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WWW = fileURLToPath(new URL('..', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** The docs as a site, which `npm run docs` builds. */
const DOCS = fileURLToPath(new URL('../../.site/html/', import.meta.url));

/** The folders outside www/, by the first part of the path. @type {[string, string][]} */
const FOLDERS = [
  ['/dist/', DIST],
  ['/docs/', DOCS],
];

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
    '.woff2': 'font/woff2',
  }),
);

/** @param {Request} request */
export async function files(request) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refusal(405, 'METHOD_NOT_ALLOWED', 'files are only read', { Allow: 'GET, HEAD' });
  }
  const name = nameOf(new URL(request.url).pathname);
  if (name === undefined) return refusal(400, 'BAD_PATH', 'the path is not one of a file');
  const type = typeOf(name);
  const content = type === undefined ? undefined : await contentOf(name);
  if (type === undefined || content === undefined) return refusal(404, 'NOT_FOUND', 'there is no such file');
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(content), {
    headers: {
      'Content-Type': type,
      'Content-Length': String(content.byteLength),
      'Content-Security-Policy': policyFor(
        type.startsWith('text/html') ? content.toString() : '',
        name.startsWith('/docs/'),
      ),
      'Cache-Control': 'no-cache',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
  });
}

/** Returns the media type of a file that is served. JSON is only of the docs: www/ has settings in it. @param {string} name */
function typeOf(name) {
  const end = path.extname(name);
  return end === '.json' && name.startsWith('/docs/') ? 'application/json' : TYPES.get(end);
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
  const [begin, folder] = FOLDERS.find(([begin]) => name.startsWith(begin)) ?? ['/', WWW];
  const rest = name.slice(begin.length);
  try {
    const [root, file] = await Promise.all([realpath(folder), realpath(path.join(folder, rest))]);
    // A link may lead out of the folder all the same.
    return file.startsWith(root + path.sep) ? await readFile(file) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Allows the site's own files, the scripts in a page, WebAssembly, and nothing else.
 * @param {string} html
 * @param {boolean} isOfDocs
 */
function policyFor(html, isOfDocs) {
  const hashes = [...html.matchAll(/<script(?![^>]* src=)[^>]*>([^]*?)<\/script>/g)].map(
    ([, script = '']) => ` 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval'${hashes.join('')}`,
    // VitePress sets style attributes, and its styles have their icons in them.
    ...(isOfDocs ? ["style-src 'self' 'unsafe-inline'", "img-src 'self' data:"] : []),
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

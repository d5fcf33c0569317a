// Stands in for the service around a function: its URL, and the Runtime API that its process asks
// for invocations. A streamed response is a prelude of JSON, eight zero bytes, and the body.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PRELUDE_END = Buffer.alloc(8);
const PATH = '/2018-06-01/runtime/invocation/';

/**
 * @returns {Promise<{ url: string, api: string, close: () => void }>}
 *   the function's URL, and the address of the Runtime API
 */
export async function service() {
  /** @type {{ id: string, event: object, response: http.ServerResponse }[]} */
  const waiting = [];
  /** @type {Map<string, http.ServerResponse>} */
  const invoked = new Map();

  const api = http.createServer(async (request, response) => {
    if (request.url === `${PATH}next`) {
      while (waiting.length === 0 && !response.destroyed) await sleep(5);
      const next = waiting.shift();
      if (!next) return;
      invoked.set(next.id, next.response);
      response.setHeader('Lambda-Runtime-Aws-Request-Id', next.id);
      response.setHeader('Lambda-Runtime-Invoked-Function-Arn', 'arn:aws:lambda:eu-west-1:0:function:news');
      response.setHeader('Lambda-Runtime-Deadline-Ms', String(Date.now() + 900_000));
      return response.end(JSON.stringify(next.event));
    }
    const id = request.url?.slice(PATH.length).split('/')[0] ?? '';
    const client = invoked.get(id);
    let head = Buffer.alloc(0);
    request.on('data', (/** @type {Buffer} */ chunk) => {
      if (client?.headersSent) return void client.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(PRELUDE_END);
      if (end < 0) return;
      const { statusCode, headers } = JSON.parse(head.subarray(0, end).toString());
      client?.writeHead(statusCode, headers).flushHeaders();
      if (head.length > end + 8) client?.write(head.subarray(end + 8));
    });
    request.once('close', () => {
      invoked.delete(id);
      client?.end();
      if (!response.destroyed) response.writeHead(202).end();
    });
  });

  let count = 0;
  const front = http.createServer((request, response) => {
    const event = {
      version: '2.0',
      rawPath: request.url,
      headers: request.headers,
      requestContext: { http: { method: request.method, path: request.url } },
    };
    waiting.push({ id: `request-${++count}`, event, response });
  });
  const listen = async (/** @type {http.Server} */ server) => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    return `127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
  };
  return {
    api: await listen(api),
    url: `http://${await listen(front)}`,
    close() {
      for (const server of [api, front]) server.close().closeAllConnections();
    },
  };
}

// A server of one channel in a file, in whichever runtime runs this. Prints its port.
//
// Arguments: the file, the port or 0, and the history's options as JSON.
//
// POST /say?to=LISTENER broadcasts each line of the body, or dispatches it, and answers with the
// ids when all are stored. GET /events?listener=ID is the event stream.

import { createServer } from 'node:http';
import process from 'node:process';
import { openChannel } from 'eric-sse/backend';
import { toNode } from 'eric-sse/node';
import { sqlite } from 'eric-sse/sqlite';
import { openDatabase } from './database.mjs';

const [file, port, history] = process.argv.slice(2);
const channel = await openChannel('news', sqlite(await openDatabase(file)), {
  history: JSON.parse(history ?? '{}'),
  retryTimeoutMilliseconds: 1000,
});
const events = toNode(channel, ({ url }) => {
  const listener = new URL(url, 'http://here').searchParams.get('listener');
  return listener ? { listener, resumeSeconds: 60 } : {};
});

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://here');
  if (pathname === '/events') return events(request, response);
  let body = '';
  for await (const chunk of request) body += chunk;
  const to = searchParams.get('to');
  const send = (payload) =>
    to ? channel.dispatch(to, { type: 'n', payload }) : channel.broadcast({ type: 'n', payload });
  try {
    const ids = pathname === '/say' ? await Promise.all(body.split('\n').map(send)) : [channel.lastEventId];
    response.end(JSON.stringify(ids));
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));

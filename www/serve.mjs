// `npm start`: the page, served by Node.

import { createAdaptorServer } from '@hono/node-server';
import * as eric from 'eric-sse';
import { createHandler, PATHS } from './handler.mjs';
import { files } from './server/files.mjs';
import { choosePort, HOST } from './server/port.mjs';

const handle = createHandler(eric, { runtime: `Node ${process.versions.node}` });

const server = createAdaptorServer({
  fetch: (request) => (PATHS.has(new URL(request.url).pathname) ? handle(request) : files(request)),
});

// Open event streams would keep the process alive.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

server.once('error', (error) => {
  console.error(`the server could not listen: ${error.message}`);
  process.exit(1);
});

const port = await choosePort();
server.listen(port, HOST, () => console.log(`http://${HOST}:${port}/`));

// Connections, in Node: first to servers in memory.

import { after, describe, test } from 'node:test';
import * as client from 'eric-sse/client';
import channels from './suite/channels.mjs';
import connecting from './suite/connecting.mjs';
import eventSource from './suite/event-source.mjs';
import leaving from './suite/leaving.mjs';
import living from './suite/living.mjs';
import requests from './suite/requests.mjs';

// Nothing else keeps the process running: these servers have no sockets.
const running = setInterval(() => {}, 1000);
after(() => clearInterval(running));

describe('a connection', () => {
  for (const register of [connecting, requests, leaving, living, eventSource, channels])
    register(client, (name, run) => test(name, { timeout: 30_000 }, run));
});

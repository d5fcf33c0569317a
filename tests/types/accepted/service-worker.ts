// eric-sse/service-worker. Needs the types of a page, no more.

import { SSEChannel } from 'eric-sse';
import { answer, type Routes } from 'eric-sse/service-worker';
import type { Events } from '../support.js';

const channel = new SSEChannel<Events>();

// claim: a channel answers, with the options of its responses, and what is given takes that back
const stop: () => void = answer(channel, { heartbeatSeconds: 20, events: ['tick'] });
stop();

// claim: routes are channels, or what gives channels and responses
const routes: Routes = { '/events': channel, room: () => undefined };
answer(routes);
answer({ '/a': channel, '/b': async (request) => (request.method === 'GET' ? new SSEChannel() : new Response('no')) });

// claim: options may be made for each request
answer(channel, ({ url }) => ({ listener: new URL(url).search, resumeSeconds: 60 }));

// The suite in other Nodes, in Deno, Bun and Firefox. This Node, workerd and Chromium have places
// of their own.

import { HOSTS } from '../js/lib/places.mjs';
import { describeHost } from '../js/lib/remote.mjs';

for (const kind of [HOSTS.node22, HOSTS.node26, HOSTS.deno, HOSTS.bun, HOSTS.firefox]) describeHost(kind, kind.open());

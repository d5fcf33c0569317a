// The tests of the page: with Node's server and with Cloudflare's runtime, in a browser.

import { after, before } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { endings } from './endings.mjs';
import { lanes } from './lanes.mjs';
import { look } from './look.mjs';
import { requests } from './requests.mjs';
import { room } from './room.mjs';
import { NODE, WORKERD } from './support.mjs';
import { tabs } from './tabs.mjs';

/** @type {import('./support.mjs').Browser} */
let browser;
before(async () => void (browser = await launchBrowser()));
after(() => browser?.close());

room();
requests('Node', NODE);
requests('workerd', WORKERD);
lanes('Node', NODE, () => browser);
// Its other lanes are the same.
lanes('workerd', WORKERD, () => browser, ['server']);
tabs('Node', NODE, () => browser);
tabs('workerd', WORKERD, () => browser);
endings(NODE, () => browser);
look(NODE, () => browser);

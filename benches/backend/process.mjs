// One process of `npm run bench:backend`. Arguments: the file, the setting of `synchronous`, and
// `rates`, `reader` or `sender`.

import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { openChannel } from 'eric-sse/backend';
import { sqlite } from 'eric-sse/sqlite';

const [file, synchronous, role] = process.argv.slice(2);
const database = new DatabaseSync(file);
const channel = await openChannel('bench', sqlite(database, { synchronous }), { history: { messages: 10_000 } });
const payload = 'x'.repeat(200);
const SECONDS = 2;
const LATE = 200;

const sorted = (values) => values.toSorted((one, other) => one - other);
const percentile = (values, part) => sorted(values)[Math.floor((values.length - 1) * part)];

/** Sends for some time. Returns the messages per second. */
async function rate(turn) {
  const start = performance.now();
  let sent = 0;
  for (; performance.now() - start < SECONDS * 1000; sent += turn)
    await Promise.all(Array.from({ length: turn }, () => channel.broadcast({ type: 'n', payload })));
  return (sent / (performance.now() - start)) * 1000;
}

if (role === 'reader') {
  const times = [];
  let told = 0;
  const reader = channel.watch({ events: ['time'] });
  process.send('ready');
  for await (const { data } of reader) {
    times.push(Date.now() - data);
    if (++told === LATE) break;
  }
  process.send({ p50: percentile(times, 0.5), p99: percentile(times, 0.99) });
} else if (role === 'sender') {
  for (let at = 0; at < LATE; at++) {
    await channel.broadcast({ type: 'time', payload: Date.now() });
    await new Promise((resolve) => setTimeout(resolve, 13));
  }
} else {
  const [one, turn] = [await rate(1), await rate(64)];
  const version = database.prepare('PRAGMA data_version');
  const start = performance.now();
  for (let at = 0; at < 100_000; at++) version.get();
  process.send({ one, turn, poll: (performance.now() - start) / 100 });
}
process.disconnect();
await channel.leave();

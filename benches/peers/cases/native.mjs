// The native core, measured by criterion: benches/native.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { growth, timesLess } from '../lib/aims.mjs';
import { check, OURS } from '../lib/case.mjs';

const MANIFEST = fileURLToPath(new URL('../../native/Cargo.toml', import.meta.url));
const [BOUNDED, TOKIO, CHANNELS] = [`${OURS}, bounded`, 'tokio', 'futures-channel'];
const ALL = 'one thread';
/** As benches/native has them. */
const TURN = 64;
const LISTENERS = [1, 10, 100, 1_000];
const GROWING = [1, 100, 10_000, 100_000];

/** @param {string} group @param {number} listeners */
const measureOf = (group, listeners) => `${group}, ${listeners.toLocaleString('en')}`;

/**
 * Runs the benches of one contestant.
 * @param {string} name
 * @param {string[]} groups
 * @returns {(settings: import('../lib/case.mjs').Settings) => import('../lib/case.mjs').Numbers}
 */
function contestant(name, groups) {
  return ({ measured }) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-criterion-'));
    try {
      // Each once, without optimisation, where nothing is measured: that is compiled faster.
      const how = measured ? [] : ['--profile', 'dev'];
      const args = ['bench', '--quiet', '--manifest-path', MANIFEST, ...how, '--', ...(measured ? ['--noplot'] : ['--test']), `^(${groups.join('|')})/${name}/`];
      const { status, stderr } = spawnSync('cargo', args, { env: { ...process.env, CRITERION_HOME: folder }, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
      check(status === 0, `cargo bench ended with ${status}\n${stderr}`);
      if (!measured) return {};
      return Object.fromEntries(
        groups.flatMap((group) =>
          (group === 'broadcast' ? GROWING : LISTENERS).map((listeners) => {
            const estimates = JSON.parse(readFileSync(path.join(folder, group, name, String(listeners), 'new', 'estimates.json'), 'utf8'));
            return [measureOf(group, listeners), estimates.median.point_estimate / (group === 'broadcast' ? 1 : listeners * TURN)];
          }),
        ),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** @param {string} group @param {number} listeners @param {string} theirs @param {number} least */
const beside = (group, listeners, theirs, least) =>
  timesLess({ text: `${group}, ${listeners.toLocaleString('en')}, beside ${theirs}`, variant: ALL, measure: measureOf(group, listeners), ours: OURS, theirs, least });

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Native, one thread: 64 messages are sent, and received through futures streams',
  measures: Object.fromEntries([
    ...LISTENERS.map((listeners) => [measureOf('receive', listeners), { unit: 'ns per delivery to so many listeners, which find 64 messages', less: true, digits: 1 }]),
    ...LISTENERS.map((listeners) => [measureOf('wake', listeners), { unit: 'ns per delivery to so many tasks, which are woken', less: true, digits: 1 }]),
    ...GROWING.map((listeners) => [measureOf('broadcast', listeners), { unit: 'ns per broadcast, nobody reading', less: true, digits: 1 }]),
  ]),
  variants: (quick) => [{ name: ALL, settings: { measured: quick ? 0 : 1 } }],
  contestants: {
    [OURS]: contestant(OURS, ['receive', 'wake']),
    [BOUNDED]: contestant(BOUNDED, ['receive', 'wake', 'broadcast']),
    [TOKIO]: contestant(TOKIO, ['receive', 'wake', 'broadcast']),
    [CHANNELS]: contestant(CHANNELS, ['receive', 'wake']),
  },
  aims: ['receive', 'wake'].flatMap((group) => [
    beside(group, 1_000, TOKIO, 2),
    beside(group, 1_000, CHANNELS, 5),
    beside(group, 1, TOKIO, 1),
    beside(group, 1, CHANNELS, 1),
  ]).concat(
    growth({ text: 'a broadcast to 100,000 listeners, of one to 1', variant: ALL, of: BOUNDED, measure: measureOf('broadcast', 100_000), to: measureOf('broadcast', 1), most: 1.5 }),
  ),
  rounds: 3,
  cannot: ['The JavaScript libraries are not native.'],
  notes: ['tokio: sync::broadcast with room for 1,024, whose receivers lose the oldest. futures-channel: an unbounded mpsc for each listener. All on the current-thread runtime of tokio, with numbers for messages.'],
};

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
const MEASURE = 'time';
/** As benches/native has them. */
const TURN = 64;
const LISTENERS = [1, 10, 100, 1_000];
const GROWING = [1, 100, 10_000, 100_000];

/** The cases that are measured, by the number that settings carry. */
const GROUPS = ['receive', 'wake', 'broadcast'];

/** @param {string} group @param {number} listeners */
const nameOf = (group, listeners) => `${group}, ${listeners.toLocaleString('en')}`;

/**
 * Runs one bench of one contestant.
 * @param {string} name
 * @returns {import('../lib/case.mjs').Contestant}
 */
function contestant(name) {
  return ({ group: index = 0, listeners = 1, measured }) => {
    const group = String(GROUPS[index]);
    // Ours without a bound would keep all that nobody reads, and a channel for each listener has no
    // end of it.
    if (group === 'broadcast' && name !== BOUNDED && name !== TOKIO) return {};
    const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-criterion-'));
    try {
      // Once, without optimisation, where nothing is measured: that is compiled faster.
      const how = measured ? [] : ['--profile', 'dev'];
      const args = [
        'bench',
        '--quiet',
        '--manifest-path',
        MANIFEST,
        '--bench',
        'native',
        ...how,
        '--',
        ...(measured ? ['--noplot'] : ['--test']),
        `^${group}/${name}/${listeners}$`,
      ];
      const { status, stderr } = spawnSync('cargo', args, {
        env: { ...process.env, CRITERION_HOME: folder },
        encoding: 'utf8',
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      check(status === 0, `cargo bench ended with ${status}\n${stderr}`);
      if (!measured) return {};
      const estimates = JSON.parse(
        readFileSync(path.join(folder, group, name, String(listeners), 'new', 'estimates.json'), 'utf8'),
      );
      return { [MEASURE]: estimates.median.point_estimate / (group === 'broadcast' ? 1 : listeners * TURN) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** @param {string} group @param {number} listeners @param {string} theirs @param {number} least */
const beside = (group, listeners, theirs, least) =>
  timesLess({
    text: `${group}, ${listeners.toLocaleString('en')}, compared with ${theirs}`,
    variant: nameOf(group, listeners),
    measure: MEASURE,
    ours: OURS,
    theirs,
    least,
  });

/** @type {import('../lib/case.mjs').Case} */
export default {
  title: 'Native, one thread: 64 messages are sent, and received through futures streams',
  measures: {
    [MEASURE]: {
      unit: 'ns for each delivery; of `broadcast`, for each send while no listener reads',
      less: true,
      digits: 1,
    },
  },
  // One bench each, so that those that are compared run one right after another.
  variants: (quick) =>
    GROUPS.flatMap((name, group) =>
      (name === 'broadcast' ? GROWING : LISTENERS).slice(0, quick ? 2 : 4).map((listeners) => ({
        name: nameOf(name, listeners),
        settings: { group, listeners, measured: quick ? 0 : 1 },
      })),
    ),
  contestants: Object.fromEntries([OURS, BOUNDED, TOKIO, CHANNELS].map((name) => [name, contestant(name)])),
  aims: ['receive', 'wake']
    .flatMap((group) => [
      beside(group, 1_000, TOKIO, 2),
      beside(group, 1_000, CHANNELS, 5),
      beside(group, 1, TOKIO, 1),
      beside(group, 1, CHANNELS, 1),
    ])
    .concat(
      growth({
        text: 'a broadcast to 100,000 listeners, compared with one listener',
        variant: nameOf('broadcast', 100_000),
        smaller: nameOf('broadcast', 1),
        of: BOUNDED,
        measure: MEASURE,
        to: MEASURE,
        most: 1.5,
      }),
    ),
  rounds: 3,
  cannot: ['The JavaScript libraries are not native.'],
  notes: [
    '`receive`: the listeners find 64 messages. `wake`: each listener is a task that waits, and is woken.',
    'tokio: sync::broadcast with room for 1,024, whose receivers lose the oldest messages. futures-channel: an unbounded mpsc for each listener. All run on the current-thread runtime of tokio, and send numbers.',
  ],
};

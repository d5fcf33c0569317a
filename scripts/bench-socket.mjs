// `npm run bench:socket`: our socket server beside the Python package's own, in one run, with one
// client.
//
// Rounds alternate between the two, each with a new process of the server. The output is the median
// of the rounds, and the ratios. The counts are bounded, so that a run takes about a minute.
//
// Python's server runs as it is shipped, its log thrown away, and once more with its log turned
// off. Where a machine is too small for the client beside the server, requests per second say as
// much of the client as of the server. So the server's processor time for a request is printed as
// well.

import { readFileSync } from 'node:fs';
import { buildEric, buildLoad } from './lib/eric.mjs';
import { Failure, main } from './lib/failure.mjs';
import { ensurePython } from './lib/python.mjs';
import { ask } from './lib/run.mjs';
import { requireCargo } from './lib/rust.mjs';
import { startSocketServer } from './lib/socket-server.mjs';
import { step } from './lib/step.mjs';

const ROUNDS = 5;
const AT_ONCE = '32';
const WATCHERS = '100';

/** In seconds: Linux says the same on every machine. */
const TICK = 1 / 100;

const START = 'SocketServer.start(sys.argv[1])';
const IMPORT = 'import logging, sys; from eric_sse.servers import SocketServer, logger';

/** @typedef {{ rate: number, microseconds: number }} Measured per second; and of the server's processor time, for each */

await main(async () => {
  requireCargo();
  const python = await ensurePython();
  const [eric, load] = [await buildEric('release'), await buildLoad()];

  /** @type {Record<string, (socket: string) => [command: string, ...args: string[]]>} */
  const servers = {
    python: (socket) => [python, '-c', `${IMPORT}; ${START}`, socket],
    'python, not logging': (socket) => [python, '-c', `${IMPORT}; logger.setLevel(logging.CRITICAL); ${START}`, socket],
    eric: (socket) => [eric, 'serve', '--socket', socket],
  };
  /** A measurement: which server, by which load, how often. @type {[server: string, load: string, count: number, ...args: string[]][]} */
  const loads = [
    ['python', 'requests', 6_000, AT_ONCE],
    ['python, not logging', 'requests', 6_000, AT_ONCE],
    ['eric', 'requests', 60_000, AT_ONCE],
    ['eric', 'pipelined', 500_000],
    ['python', 'fan-out', 100, WATCHERS],
    ['python, not logging', 'fan-out', 100, WATCHERS],
    ['eric', 'fan-out', 5_000, WATCHERS],
    ['eric', 'fan-out-pipelined', 20_000, WATCHERS],
  ];

  /** @type {Map<string, Measured[]>} */
  const measured = new Map();
  for (let round = 1; round <= ROUNDS; round++) {
    await step(`round ${round} of ${ROUNDS}`, async () => {
      for (const [name, mode, count, ...args] of loads) {
        const command = servers[name];
        if (!command) throw new Failure(`there is no server ${name}.`);
        const server = await startSocketServer(command, { logs: false });
        try {
          const before = processorTime(server.pid);
          const rate = Number(ask(load, [mode, server.socket, String(count), ...args]));
          if (!(rate > 0)) throw new Failure(`${name}, ${mode}: came to nothing.`);
          const microseconds = ((processorTime(server.pid) - before) / count) * 1e6;
          const title = `${name}: ${mode}`;
          measured.set(title, [...(measured.get(title) ?? []), { rate, microseconds }]);
        } finally {
          await server.end('SIGKILL');
          await server.remove();
        }
      }
    });
  }

  console.log(
    `\nper second, medians of ${ROUNDS} rounds (and the rounds); microseconds of the server's processor for each that is sent`,
  );
  for (const [title, rounds] of measured) {
    const rates = rounds.map(({ rate }) => shown(rate)).join(', ');
    console.log(
      `${title.padEnd(30)} ${shown(median(title, 'rate')).padStart(10)}  (${rates}); ${median(title, 'microseconds').toFixed(1)} µs`,
    );
  }
  for (const reference of ['python', 'python, not logging']) {
    /** @param {string} ours @param {string} theirs @param {keyof Measured} [what] */
    const ratio = (ours, theirs, what = 'rate') => {
      const times = median(`eric: ${ours}`, what) / median(`${reference}: ${theirs}`, what);
      return `${(what === 'rate' ? times : 1 / times).toFixed(1).padStart(7)} times`;
    };
    console.log(`\nbeside ${reference}`);
    console.log(`${ratio('requests', 'requests')} the requests per second, one connection for each (aim: 10)`);
    console.log(
      `${ratio('requests', 'requests', 'microseconds')} the requests per second of the server's processor time`,
    );
    console.log(`${ratio('pipelined', 'requests')} the requests per second, ours on one connection (aim: 100)`);
    console.log(
      `${ratio('fan-out', 'fan-out')} the messages per second to ${WATCHERS} watchers, one connection for each that is sent`,
    );
    console.log(
      `${ratio('fan-out-pipelined', 'fan-out')} the messages per second to ${WATCHERS} watchers, ours sent on one connection`,
    );
  }

  /** @param {string} title @param {keyof Measured} what */
  function median(title, what) {
    const sorted = (measured.get(title) ?? []).map((each) => each[what]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  }
});

/** In seconds; not a number where the system does not say. @param {number} pid */
function processorTime(pid) {
  try {
    // Behind the name, which may hold anything, the times are the 12th and the 13th field.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK;
  } catch {
    return NaN;
  }
}

/** @param {number} number */
function shown(number) {
  return Math.round(number).toLocaleString('en');
}

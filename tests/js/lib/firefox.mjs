// Firefox: started headless on a page that runs the suite by itself and posts the answers, so no
// driver is needed.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSite } from './site.mjs';

/**
 * Nothing that a browser does by itself: no updates, no reports, no asking whether there is a
 * network.
 */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.contentblocking.updates.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.update.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'toolkit.telemetry.unified': false,
};

/**
 * Starts Firefox on a page, with a profile of its own.
 * @param {string} executable
 * @param {string} url
 * @param {(text: string) => void} [onOutput]
 */
export function startFirefox(executable, url, onOutput = () => {}) {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-firefox-'));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(path.join(profile, 'user.js'), lines.join(''));
  // A process group of its own: the processes for contents end with it.
  const child = spawn(executable, ['--headless', '--no-remote', '--profile', profile, url], {
    env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
  const ended = new Promise((resolve) => child.once('error', resolve).once('close', resolve));
  return {
    /** Resolves to an error or an exit code. */
    ended,
    async end() {
      end(child);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @param {string} executable @returns {import('./places.mjs').Host} */
export function firefoxHost(executable) {
  /** @type {Map<string, (told: any) => void>} */
  const tellers = new Map();
  const site = openSite((told) => tellers.get(told.runtime)?.(told));
  site.catch(() => {});
  const running = new Set();
  let output = '';
  const version = spawnSync(executable, ['--version'], { encoding: 'utf8' }).stdout?.match(/[\d.]+\S*/)?.[0] ?? '';

  return {
    async run(runtime, tell) {
      const { url } = await site;
      const firefox = startFirefox(executable, `${url}/undriven?run=${runtime}`, (text) => void (output += text));
      running.add(firefox);
      try {
        await new Promise((resolve, reject) => {
          void firefox.ended.then((why) => reject(new Error(`Firefox has ended: ${why}`)));
          tellers.set(runtime, ({ answer, done, problem }) => {
            if (answer) tell(answer);
            else if (done) problem ? reject(new Error(problem)) : resolve(undefined);
          });
        });
      } finally {
        await firefox.end();
        running.delete(firefox);
      }
    },
    version: () => version,
    output: () => output.slice(-5000),
    async stop() {
      for (const firefox of running) await firefox.end();
      await (await site).close();
    },
  };
}

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

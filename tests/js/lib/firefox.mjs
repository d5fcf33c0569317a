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
      const profile = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-firefox-'));
      const lines = Object.entries(PREFERENCES).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      );
      writeFileSync(path.join(profile, 'user.js'), lines.join(''));
      // A group of its own: its processes for contents have to go with it.
      const child = spawn(
        executable,
        ['--headless', '--no-remote', '--profile', profile, `${url}/undriven?run=${runtime}`],
        {
          env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
        },
      );
      running.add(child);
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text) => void (output += text));
      const ended = new Promise((resolve) => child.once('close', resolve));
      try {
        await new Promise((resolve, reject) => {
          child.once('error', reject);
          void ended.then((code) => reject(new Error(`Firefox has ended with code ${code}`)));
          tellers.set(runtime, ({ answer, done, problem }) => {
            if (answer) tell(answer);
            else if (done) problem ? reject(new Error(problem)) : resolve(undefined);
          });
        });
      } finally {
        end(child);
        await ended;
        running.delete(child);
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    version: () => version,
    output: () => output.slice(-5000),
    async stop() {
      for (const child of running) end(child);
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

// Chromium or Chrome and its driver, and Firefox: named by the environment, found on PATH, or
// installed by the system's packages.

import { Failure } from './failure.mjs';
import { ask, isExecutable, quietly, which } from './run.mjs';
import { step } from './step.mjs';

/** Chromium first: what apt installs, so that browser and driver are of one version. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PACKAGES = ['chromium', 'chromium-driver', 'fonts-liberation'];
const FIREFOXES = ['firefox-esr', 'firefox'];
const FIREFOX_PACKAGES = ['firefox-esr'];

/** @typedef {{ chrome: string, chromedriver: string }} Browser */

/** The browser's executable, or undefined. */
export function findChrome() {
  return named('CHROME_BIN') ?? BROWSERS.map((name) => which(name)).find(Boolean);
}

function findChromedriver() {
  return named('CHROMEDRIVER') ?? which('chromedriver');
}

/** @returns {Promise<Browser>} */
export async function ensureBrowser() {
  const found = findBoth();
  if (found) return found;
  if (canInstall()) await install(PACKAGES).catch(giveUp);
  return findBoth() ?? giveUp();
}

/** Firefox's executable, or undefined. */
function findFirefox() {
  return named('FIREFOX_BIN') ?? FIREFOXES.map((name) => which(name)).find(Boolean);
}

/** @returns {Promise<string>} */
export async function ensureFirefox() {
  const found = findFirefox();
  if (found) return found;
  if (canInstall()) await install(FIREFOX_PACKAGES).catch(giveUpFirefox);
  return findFirefox() ?? giveUpFirefox();
}

/** @returns {Browser | undefined} */
function findBoth() {
  const chrome = findChrome();
  const chromedriver = findChromedriver();
  return chrome && chromedriver ? { chrome, chromedriver } : undefined;
}

/** @param {'CHROME_BIN' | 'CHROMEDRIVER' | 'FIREFOX_BIN'} variable */
function named(variable) {
  const file = process.env[variable];
  if (file && !isExecutable(file)) throw new Failure(`${variable} names ${file}, which is not an executable file.`);
  return file || undefined;
}

const isRoot = () => process.getuid?.() === 0;

function canInstall() {
  return which('apt-get') !== undefined && (isRoot() || ask('sudo', ['-n', 'true']) !== undefined);
}

/** @param {string[]} packages */
function install(packages) {
  return step(`installing ${packages.join(', ')}`, async () => {
    // A source that cannot be reached need not be the one that has the browser: let the
    // installation decide.
    await apt('update').catch(() => {});
    await apt('install', '-y', '--no-install-recommends', ...packages);
  });
}

/** @param {...string} args */
function apt(...args) {
  // `env` stands after sudo, which would drop the variable.
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
  return isRoot() ? quietly('env', command.slice(1)) : quietly('sudo', ['-n', ...command]);
}

/**
 * @param {unknown} [cause]
 * @returns {never}
 */
function giveUp(cause) {
  if (cause instanceof Failure) console.error(cause.message);
  throw new Failure(
    'The tests in a browser need Chromium or Chrome and its driver: install both (Debian: chromium and chromium-driver), or name their executables in CHROME_BIN and CHROMEDRIVER, then run this again.',
  );
}

/**
 * @param {unknown} [cause]
 * @returns {never}
 */
function giveUpFirefox(cause) {
  if (cause instanceof Failure) console.error(cause.message);
  throw new Failure(
    'The tests in Firefox need it: install it (Debian: firefox-esr), or name its executable in FIREFOX_BIN, then run this again.',
  );
}

// Steps that a script needs before it can start, in the order in which they need each other.

import { ensureBrowser, ensureFirefox } from './browser.mjs';
import { ensureNpmPackages } from './npm.mjs';
import { ensureWasmTarget, requireCargo } from './rust.mjs';
import { wasmToolsEnv } from './wasm-tools.mjs';

/**
 * Sets up what building the package needs.
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for commands that use the tools
 */
export async function setUpBuild() {
  requireCargo();
  await ensureNpmPackages();
  await ensureWasmTarget();
  return wasmToolsEnv();
}

/**
 * Sets up what the tests in a browser need.
 * @returns {Promise<NodeJS.ProcessEnv>} the variables that name the browser and its driver
 */
export async function setUpBrowser() {
  const { chrome, chromedriver } = await ensureBrowser();
  return { CHROME_BIN: chrome, CHROMEDRIVER: chromedriver };
}

/** Sets up what the tests in Firefox need, and returns the variable that names it. @returns {Promise<NodeJS.ProcessEnv>} */
export async function setUpFirefox() {
  return { FIREFOX_BIN: await ensureFirefox() };
}

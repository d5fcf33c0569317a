// The npm packages: installed when they are missing or older than the lock file.

import { lstatSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { inRoot, NODE_MODULES } from './paths.mjs';
import { quietly } from './run.mjs';
import { step } from './step.mjs';

/** npm writes this file last, so its time is the time of the installation. */
const INSTALLED = path.join(NODE_MODULES, '.package-lock.json');

export async function ensureNpmPackages() {
  const installed = statSync(INSTALLED, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (installed >= statSync(inRoot('package-lock.json')).mtimeMs) return;
  if (lstatSync(NODE_MODULES, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // npm would follow the link and empty the folder behind it.
    throw new Failure(
      'node_modules is a symbolic link, and what it leads to is older than package-lock.json: run `npm ci` there, or remove the link.',
    );
  }
  await step('installing the npm packages', () =>
    // No package here needs its install script: each finds its binary in a package of the platform.
    quietly('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']),
  );
  // A lock file dated in the future (a skewed clock, an archive) would otherwise bring npm back
  // every time.
  const lockTime = statSync(inRoot('package-lock.json')).mtime;
  if (statSync(INSTALLED).mtime < lockTime) utimesSync(INSTALLED, lockTime, lockTime);
}

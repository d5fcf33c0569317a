// The command `eric`, compiled.

import { Failure } from './failure.mjs';
import { quietly } from './run.mjs';
import { step } from './step.mjs';

/**
 * @param {'dev' | 'release'} [profile]
 * @returns {Promise<string>} the executable
 */
export async function buildEric(profile = 'dev') {
  const args = ['build', '--bin', 'eric', '--profile', profile, '--message-format', 'json-render-diagnostics'];
  const output = await step(`compiling the command eric${profile === 'release' ? ', optimised' : ''}`, () => quietly('cargo', args));
  // Cargo says where it is: users move the folder.
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { executable, target } = JSON.parse(line);
    if (executable && target.name === 'eric') return executable;
  }
  throw new Failure('cargo has not said where the command eric is.');
}

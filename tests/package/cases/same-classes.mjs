// The default entry and slim in one program, and the exports of both formats.
import { createRequire } from 'node:module';
import * as whole from 'eric-sse';
import * as slim from 'eric-sse/slim';

const require = createRequire(import.meta.url);
const namesOf = (module) => Object.keys(module).sort();
console.log(
  JSON.stringify({
    whole: namesOf(whole),
    slim: namesOf(slim),
    required: namesOf(require('eric-sse')),
    requiredSlim: namesOf(require('eric-sse/slim')),
    differing: namesOf(whole).filter((name) => whole[name] !== slim[name]),
    // Slim is ready too: there is but one module.
    ready: new slim.ChannelContainer().add() instanceof whole.SSEChannel,
    named: namesOf(whole).filter((name) => whole[name].name !== name),
  }),
);

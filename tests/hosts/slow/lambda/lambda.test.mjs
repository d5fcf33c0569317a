// AWS Lambda's response streaming, in AWS's own runtime client.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestClient } from '../../../../dist/testing.js';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { ensurePackage } from '../../../../scripts/lib/tool-package.mjs';
import { ENV } from '../../../package/lib/install.mjs';
import { lay } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';
import { describeHost } from '../../lib/results.mjs';
import { service } from './lib/service.mjs';

const { ERIC_NODE22: node = '' } = await setUpRuntimes();
const packages = await ensurePackage('host-lambda', 'tests/hosts/slow/lambda', { last: 'installed' });
const { folder, versionOf, remove } = await projects(packages);
after(remove);

describeHost(
  { host: 'AWS Lambda', version: versionOf('aws-lambda-ric'), runs: "Node 22, AWS's runtime client" },
  (check) => {
    /** @type {Awaited<ReturnType<typeof service>>} */
    let lambda;
    /** @type {import('node:child_process').ChildProcess} */
    let runtime;
    let printed = '';
    before(async () => {
      lambda = await service();
      const place = path.join(folder, 'lambda');
      lay(place, recipes().get('lambda') ?? new Map(), folder);
      const native = fileURLToPath(new URL('lib/native.cjs', import.meta.url));
      runtime = spawn(node, ['--require', native, path.join(packages, 'node_modules/aws-lambda-ric/index.mjs')], {
        cwd: place,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...ENV,
          AWS_LAMBDA_RUNTIME_API: lambda.api,
          AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: 'true',
          LAMBDA_TASK_ROOT: place,
          AWS_LAMBDA_FUNCTION_NAME: 'news',
          AWS_LAMBDA_FUNCTION_VERSION: '1',
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
          AWS_LAMBDA_LOG_GROUP_NAME: 'news',
          AWS_LAMBDA_LOG_STREAM_NAME: 'news',
          _HANDLER: 'index.handler',
        },
      });
      // A runtime that ends leaves nobody to answer.
      runtime.once('exit', () => lambda.close());
      runtime.stderr?.on('data', (text) => void (printed += text));
    });
    after(() => {
      runtime?.kill('SIGKILL');
      lambda?.close();
    });

    check('a client receives each event when it is sent, and the end', async () => {
      const client = new TestClient(await fetch(lambda.url));
      const [first] = await client.take(1);
      const begun = performance.now();
      const rest = await client.rest();
      assert.ok(performance.now() - begun > 300, 'everything came at once');
      const events = [first, ...rest].map((event) => `${event?.type} ${event?.data}`);
      assert.deepEqual(
        events.filter((event) => !event.startsWith('_eric_position')),
        ['progress {"percent":0}', 'progress {"percent":50}', 'progress {"percent":100}', '_eric_channel_closed '],
      );
    });

    check('status and headers are those of the response', async () => {
      const { status, headers, body } = await fetch(lambda.url);
      assert.equal(status, 200);
      assert.match(headers.get('content-type') ?? '', /^text\/event-stream/);
      assert.match(headers.get('cache-control') ?? '', /no-transform/);
      assert.equal(headers.get('x-served-by'), 'lambda');
      for await (const _ of body ?? []);
      const refused = await fetch(lambda.url, { method: 'PUT' });
      assert.equal(refused.status, 405);
      assert.equal(await refused.text(), '');
    });

    check('a client that leaves harms nothing: the work ends, and the next client is served', async () => {
      const leaving = new AbortController();
      await new TestClient(await fetch(lambda.url, { signal: leaving.signal })).take(1);
      leaving.abort();
      const again = new TestClient(await fetch(lambda.url));
      assert.equal((await again.rest()).at(-1)?.type, '_eric_channel_closed');
    });

    check('no warning was printed', () => {
      assert.doesNotMatch(printed, /warn/i);
    });
  },
);

// Starts of the bundled suite, by the kind of its place. The bundle is a module that has `runAll`.

/** A process prints a line for each answer. */
export const PROCESS = `
import process from 'node:process';
import { runAll } from './suite-run.mjs';
await runAll((answer) => void console.log(JSON.stringify(answer)));
process.exit();
`;

/** A Worker answers with a line for each answer. */
export const WORKERD = `
import { runAll } from './suite-run.mjs';
export default {
  fetch(_request, _env, context) {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const lines = new TextEncoder();
    const running = runAll((answer) => writer.write(lines.encode(JSON.stringify(answer) + '\\n')));
    context.waitUntil(running.then(() => writer.close()));
    return new Response(readable);
  },
};
`;

/** A window, or the worker that it starts, posts all answers. */
export const WINDOW = `
import { runAll } from './suite-run.mjs';
const isWorker = !('document' in globalThis);
const place = isWorker ? 'worker' : 'window';
if (!isWorker) {
  const worker = new Worker('/suite.js', { type: 'module' });
  worker.onerror = (event) => fetch('/told?place=worker', { method: 'POST', body: JSON.stringify([{ name: 'the worker', error: event.message }]) });
}
const answers = [];
await runAll((answer) => void answers.push(answer));
await fetch('/told?place=' + place, { method: 'POST', body: JSON.stringify(answers) });
`;

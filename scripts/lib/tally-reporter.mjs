// A reporter for `node --test` that writes a line {"passed":n,"failed":n} whenever a number
// changes. The last one counts, also when the runner is stopped before its end.
//
// Node's own closing lines would not do: they count a file without tests as one passed test.

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* tally(events) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (data?.details?.type === 'suite' || data?.skip !== undefined || data?.todo !== undefined) continue;
    if (type === 'test:fail') failed++;
    else if (type === 'test:pass' && !isFile(data)) passed++;
    else continue;
    yield `${JSON.stringify({ passed, failed })}\n`;
  }
}

/**
 * The runner reports each file as a test too, named by its path.
 * @param {{ name: string, file?: string }} test
 */
const isFile = ({ name, file }) => /[/\\]/.test(name) && file?.endsWith(name.replace(/^\.?[/\\]/, ''));

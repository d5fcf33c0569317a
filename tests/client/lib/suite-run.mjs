// The suite of the client, for runtimes without a test runner: bundled with the client, it tells
// each answer as it comes.

import * as client from 'eric-sse/client';
import channels from '../suite/channels.mjs';
import connecting from '../suite/connecting.mjs';
import decoding from '../suite/decoding.mjs';
import eventSource from '../suite/event-source.mjs';
import eventStream from '../suite/event-stream.mjs';
import leaving from '../suite/leaving.mjs';
import living from '../suite/living.mjs';
import requests from '../suite/requests.mjs';

/** @type {{ name: string, run: () => unknown }[]} */
export const TESTS = [];
for (const register of [decoding, eventStream, connecting, requests, leaving, living, eventSource, channels])
  register(client, (name, run) => TESTS.push({ name, run }));

/** @param {(answer: { name: string, error?: string }) => unknown} tell */
export async function runAll(tell) {
  for (const { name, run } of TESTS) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('not done after 20 seconds')), 20_000);
    });
    try {
      await Promise.race([run(), late]);
      await tell({ name });
    } catch (error) {
      await tell({ name, error: `${error?.message}\n${error?.stack}` });
    }
    clearTimeout(timer);
  }
}

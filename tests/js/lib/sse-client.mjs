// A client of event streams over real HTTP.

import { BodyReader } from '../suite/lib/body.mjs';
import { promptly } from '../suite/lib/support.mjs';

/**
 * Subscribes. `leave` destroys the connection, as a client that goes away does.
 * @param {string | URL} url
 * @param {RequestInit} [init]
 */
export async function subscribe(url, init = {}) {
  const controller = new AbortController();
  const response = await promptly(fetch(url, { ...init, signal: controller.signal }), 'the response');
  return { response, reader: response.body ? new BodyReader(response) : undefined, leave: () => controller.abort() };
}

/**
 * Asks until the answer is as wanted.
 * @template T
 * @param {() => T | Promise<T>} ask
 * @param {(answer: T) => boolean} isWanted
 * @param {string} what
 */
export async function until(ask, isWanted, what, milliseconds = 10_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(answer)} after ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

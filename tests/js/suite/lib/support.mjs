// Helpers for the tests of all topics.

import { assert } from 'chai';

export { assert };

/** Lets everything run that is due now: promise reactions and microtasks, and no timer. */
export async function settle() {
  for (let turn = 0; turn < 30; turn++) await undefined;
}

/** Waits for a timer. @param {number} [milliseconds] */
export const sleep = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * How long "promptly" may take: far less than any delay that a test sets, far more than a busy
 * machine needs.
 */
const PROMPT_MS = 2000;

/**
 * Waits for what has to come without waiting for anything else.
 * @template T
 * @param {Promise<T>} promise
 * @param {string} [what]
 * @returns {Promise<T>}
 */
export async function promptly(promise, what = 'the promise') {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not settled within ${PROMPT_MS} ms`)), PROMPT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something holds that timers bring about. @param {() => boolean} holds @param {string} [what] */
export async function until(holds, what = 'what is waited for') {
  for (const start = Date.now(); !holds(); await sleep(2)) {
    if (Date.now() - start > PROMPT_MS) throw new Error(`${what} did not come within ${PROMPT_MS} ms`);
  }
}

/** Fails when the promise is settled by now. @param {Promise<unknown>} promise @param {string} [what] */
export async function stillWaits(promise, what = 'the promise') {
  const nothing = {};
  await settle();
  const first = await Promise.race([promise, sleep(5).then(() => nothing)]);
  assert.strictEqual(first, nothing, `${what} was settled`);
}

/**
 * Returns the error that a call throws.
 * @param {() => unknown} call
 * @returns {any}
 */
export function thrownBy(call) {
  let answer;
  try {
    answer = call();
  } catch (error) {
    return error;
  }
  return assert.fail(`nothing was thrown; the answer was ${String(answer)}`);
}

/** Returns the error that a promise is rejected with. @param {Promise<unknown>} promise @returns {Promise<any>} */
export async function rejectionOf(promise) {
  let value;
  try {
    value = await promptly(promise);
  } catch (error) {
    return error;
  }
  return assert.fail(`it was not rejected but fulfilled with ${JSON.stringify(value)}`);
}

/**
 * Takes a number of items from a stream, each promptly.
 * @template T
 * @param {AsyncIterator<T>} stream
 * @param {number} count
 * @returns {Promise<T[]>}
 */
export async function take(stream, count) {
  const items = [];
  while (items.length < count) {
    const { done, value } = await promptly(stream.next(), `item ${items.length + 1} of ${count}`);
    if (done) assert.fail(`the stream ended after ${items.length} of ${count} items: ${JSON.stringify(items)}`);
    items.push(value);
  }
  return items;
}

/**
 * Takes everything until the stream ends.
 * @template T
 * @param {AsyncIterator<T>} stream
 * @returns {Promise<T[]>}
 */
export async function drain(stream) {
  const items = [];
  for (;;) {
    const { done, value } = await promptly(stream.next(), `item ${items.length + 1}, or the end,`);
    if (done) return items;
    items.push(value);
  }
}

/** @param {AsyncIterator<unknown>} stream */
export async function assertEnds(stream) {
  assert.deepEqual(await promptly(stream.next(), 'the end'), { done: true, value: undefined });
}

/** The calls of next() that are still to be answered, by their streams. @type {WeakMap<object, Promise<any>>} */
const asked = new WeakMap();

/**
 * Takes everything that a stream has now. The call that finds nothing is kept for the next time.
 * @template T
 * @param {AsyncIterator<T>} stream
 * @returns {Promise<T[]>}
 */
export async function ready(stream) {
  const items = [];
  for (;;) {
    const next = asked.get(stream) ?? stream.next();
    asked.set(stream, next);
    let answer;
    void next.then((result) => (answer = result));
    await settle();
    if (answer === undefined) return items;
    asked.delete(stream);
    if (answer.done) return items;
    items.push(answer.value);
  }
}

/** The data of events. @param {{ data: unknown }[]} events */
export const dataOf = (events) => events.map(({ data }) => data);

/**
 * Runs something while `console.error` is listened to instead of printed.
 * @param {() => unknown} run
 * @returns {Promise<unknown[][]>} the arguments of each call
 */
export async function consoleErrorsOf(run) {
  const original = console.error;
  /** @type {unknown[][]} */
  const calls = [];
  console.error = (...args) => void calls.push(args);
  try {
    await run();
    await settle();
  } finally {
    console.error = original;
  }
  return calls;
}

/**
 * Gives an AbortSignal that counts the listeners it has.
 * @returns {{ signal: AbortSignal, abort: (reason?: unknown) => void, listening: () => number }}
 */
export function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type, listener, ...rest) => {
    listeners.add(listener);
    return addEventListener.call(signal, type, listener, ...rest);
  };
  signal.removeEventListener = (type, listener, ...rest) => {
    listeners.delete(listener);
    return removeEventListener.call(signal, type, listener, ...rest);
  };
  return { signal, abort: (reason) => controller.abort(reason), listening: () => listeners.size };
}

/**
 * Checks class, ancestry, name and code of an exception, and that its text is written as all are.
 * @param {any} error
 * @param {Function} Class
 * @param {string} code
 */
export function assertException(error, Class, code) {
  assert.instanceOf(error, Class);
  assert.instanceOf(error, Error);
  assert.strictEqual(error.constructor, Class);
  assert.strictEqual(error.name, Class.name);
  assert.strictEqual(error.code, code);
  // The engine's own words about JSON follow the package's, as the engine words them.
  assert.match(error.message, /^(JSON cannot carry the payload: .+|[^A-Z].*[^.])$/s, 'lower-case, without a full stop');
  assert.isString(error.stack);
}

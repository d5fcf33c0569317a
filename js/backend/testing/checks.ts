// What the cases of backends check with, in any runner.

import type { BackendChannel, StoredMessage } from '../contract.js';

/** @throws {Error} if it does not hold. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this does not hold: ${what}`);
}

/** Compares two values of JSON. @throws {Error} if they differ. */
export function equal(actual: unknown, expected: unknown): void {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value, sorted));
  if (one !== other) throw new Error(`got ${one?.slice(0, 500)}, not ${other?.slice(0, 500)}`);
}

/** The order of an object's members does not matter. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Waits until it holds. @throws {Error} if it does not within 5 seconds. */
export async function once(holds: () => boolean, what: string): Promise<void> {
  for (const start = performance.now(); !holds(); ) {
    check(performance.now() - start < 5000, `${what}, within 5 seconds`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const numbers = (messages: readonly StoredMessage[]): number[] => messages.map(({ number }) => number);

export const texts = (messages: readonly StoredMessage[]): (string | null)[] => messages.map(({ data }) => data);

/** Reads everything behind a number, part by part. */
export async function all(channel: BackendChannel, after = 0): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for (let from = after; ; from = messages.at(-1)!.number) {
    const part = await channel.read(from);
    messages.push(...part.messages);
    if (part.messages.length === 0 || messages.at(-1)!.number >= part.newest) return messages;
  }
}

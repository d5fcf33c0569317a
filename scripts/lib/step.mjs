// Long steps say what they do: a line when they begin, one now and then while they last, one when
// they end.

const STILL_EVERY_MS = 20_000;

/** @param {number} since a `performance.now()` */
export function elapsed(since) {
  const seconds = (performance.now() - since) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const start = performance.now();
  console.log(`- ${title}`);
  const still = setInterval(() => console.log(`  … ${elapsed(start)}`), STILL_EVERY_MS);
  try {
    const result = await work();
    console.log(`  done in ${elapsed(start)}`);
    return result;
  } finally {
    clearInterval(still);
  }
}

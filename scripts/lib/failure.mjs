/**
 * An expected failure: its message says what is wrong and what to do, so it is printed without a
 * stack.
 */
export class Failure extends Error {}

/**
 * Runs a script's body; a failure ends the process with code 1.
 * @param {() => void | Promise<void>} body
 */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failure ? `\nerror: ${error.message}` : error);
    process.exitCode = 1;
  }
}

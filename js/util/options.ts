// Checks of options: a wrong type is refused where it enters, with the option's name.

/** The longest delay that timers keep, 2^31 - 1 milliseconds: a longer one would fire at once. */
export const LONGEST_TIMER_SECONDS = 2_147_483.647;

/**
 * @throws {TypeError} if it is neither an object nor `undefined`. A promise is refused: its options
 * would be ignored.
 */
export function objectOption<T extends object>(value: T | undefined, name: string): Partial<T> {
  if (value === undefined) return {};
  if (value instanceof Promise) throw new TypeError(`${name} must be an object, not a Promise: await it`);
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${name} must be an object, not ${shown(value)}`);
  return value;
}

/**
 * @throws {TypeError} when it is not a string.
 *
 * @throws {RangeError} when it is empty or holds CR, LF or NUL.
 */
export function idOption(value: string | undefined, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, not ${shown(value)}`);
  if (value === '') throw new RangeError(`${name} must not be empty`);
  if (/[\r\n\0]/.test(value)) throw new RangeError(`${name} must not contain CR, LF or NUL`);
  return value;
}

/**
 * @throws {TypeError} when it is not a number.
 *
 * @throws {RangeError} when it is negative or more than `most`.
 */
export function numberOption(
  value: number | undefined,
  name: string,
  otherwise: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${shown(value)}`);
  if (!(value >= 0 && value <= most)) {
    throw new RangeError(`${name} must be from 0 to ${most}, not ${value}`);
  }
  return value;
}

/** @throws {TypeError} when it is neither a boolean nor `undefined`. */
export function booleanOption(value: boolean | undefined, name: string, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} must be a boolean, not ${shown(value)}`);
}

/** @throws {TypeError} when it is neither a function nor `undefined`. */
export function functionOption<T extends (...args: never[]) => unknown>(
  value: T | undefined,
  name: string,
): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw new TypeError(`${name} must be a function, not ${shown(value)}`);
}

/** @throws {TypeError} when it is not an `AbortSignal`, of this realm or another. */
export function signalOption(value: AbortSignal | null | undefined, name: string): AbortSignal | undefined {
  if (value == null) return undefined;
  if (typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function') return value;
  throw new TypeError(`${name} must be an AbortSignal, not ${shown(value)}`);
}

/** Describes an unexpected value for an error's text. */
export function shown(value: unknown): string {
  return value === null
    ? 'null'
    : typeof value === 'object'
      ? 'an object'
      : `the ${typeof value} ${String(value).slice(0, 80)}`;
}

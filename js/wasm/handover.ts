// The value that the core hands over beside the number that a call returns.

let handedOver: unknown;

/**
 * Whether the last wake was one of several streams. The core then hands a value over once that they
 * read one after another, so it stays here: until the next wake, or until a stream ends.
 */
let isShared = false;

/** The core calls this before the call in which it does so returns. */
export function give(value: unknown): void {
  handedOver = value;
}

/** Takes the value of the last call, so that nothing here holds it. */
export function take(): unknown {
  const taken = handedOver;
  handedOver = undefined;
  return taken;
}

/** Returns the value that a stream has read. */
export function read(): unknown {
  return isShared ? handedOver : take();
}

export function setShared(value: boolean): void {
  isShared = value;
  letGo();
}

/** Holds the value no longer. The core does the same in the call before this one. */
export function letGo(): void {
  handedOver = undefined;
}

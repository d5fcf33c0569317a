// The value that the core hands over beside the number that a call returns.

let handedOver: unknown;

/**
 * Whether woken streams are being read. Until all have read, the value stays: the core hands a
 * value that several of them read over once.
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
  handedOver = undefined;
}

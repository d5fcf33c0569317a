// Timers that do not keep a process alive.

/** Calls back after some time. A process whose work is done ends without waiting for that. */
export function setQuietTimeout(callback: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, milliseconds);
  // Node, Deno and Bun have it; in browsers a timer is a number.
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

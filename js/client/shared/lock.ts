// The lock whose holder leads.

/** @internal */
export interface Holder {
  /** The lock is held from now on. */
  held(): void;
  /** Another tab has taken the lock. */
  stolen(): void;
}

/**
 * Waits for a lock, or takes it from its holder. Where the origin has no locks, such as that of a
 * sandboxed frame, it is held at once.
 *
 * @returns a function that gives up the lock, or the wait for it.
 */
export function holdLock(name: string, steal: boolean, holder: Holder): () => void {
  const waiting = new AbortController();
  let isGivenUp = false;
  let release = (): void => waiting.abort();
  const hold = (): Promise<void> | undefined => {
    if (isGivenUp) return undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    holder.held();
    return held;
  };
  void navigator.locks.request(name, steal ? { steal } : { signal: waiting.signal }, hold).catch((error) => {
    if (isGivenUp) return;
    if (error.name === 'AbortError') holder.stolen();
    else holder.held();
  });
  return () => {
    isGivenUp = true;
    release();
  };
}

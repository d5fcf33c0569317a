// Signals: many streams may end by one AbortSignal, which has one listener: Node warns of more than
// ten.

const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when any of the signals is aborted; at once if one is already.
 *
 * @returns a function that removes the callback.
 */
export function onAbort(signals: readonly (AbortSignal | null | undefined)[], callback: () => void): () => void {
  const given = signals.filter((signal) => signal != null);
  for (const signal of given) listen(signal, callback);
  if (given.some((signal) => signal.aborted)) callback();
  return () => given.forEach((signal) => forget(signal, callback));
}

function listen(signal: AbortSignal, callback: () => void): void {
  let waiting = callbacks.get(signal);
  if (!waiting) {
    callbacks.set(signal, (waiting = new Set()));
    signal.addEventListener('abort', aborted);
  }
  waiting.add(callback);
}

function forget(signal: AbortSignal, callback: () => void): void {
  const waiting = callbacks.get(signal);
  if (!waiting?.delete(callback) || waiting.size > 0) return;
  callbacks.delete(signal);
  signal.removeEventListener('abort', aborted);
}

function aborted(this: AbortSignal): void {
  for (const callback of [...(callbacks.get(this) ?? [])]) callback();
}

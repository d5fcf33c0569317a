// Signals: many streams may be ended by one AbortSignal, which is listened to once: Node warns of more than ten listeners.

const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Has a callback called when any of the signals is aborted; at once, if one is already.
 *
 * @returns what takes it back.
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

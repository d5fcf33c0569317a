// When a page stops to run: it is left, frozen, or kept for the back button.

/**
 * Calls back when the page stops to run, and when it runs again.
 *
 * @returns a function that ends that.
 */
export function onLeave(left: () => void, back: () => void): () => void {
  const { document } = globalThis as { document?: Document };
  // Workers have no such events.
  if (!document) return () => {};
  const listeners = [
    [globalThis, 'pagehide', left],
    [globalThis, 'pageshow', back],
    [document, 'freeze', left],
    [document, 'resume', back],
  ] as const;
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
  };
}

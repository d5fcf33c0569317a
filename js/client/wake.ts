// Events of browsers about the network and the page.

type Target = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
type Platform = { navigator?: { onLine?: boolean }; document?: Target & { visibilityState: string } } & Target;

const platform = globalThis as unknown as Platform;

/** Whether the platform knows that there is no network. */
export const isOffline = (): boolean => platform.navigator?.onLine === false;

/**
 * Calls back when the network or the page may have been away.
 *
 * @param callback Receives whether it was away for certain: a page that is seen again may have been
 * awake all the time.
 * @returns a function that ends that.
 */
export function onWake(callback: (wasAway: boolean) => void): () => void {
  // Runtimes of servers have no such events.
  if (typeof platform.navigator?.onLine !== 'boolean') return () => {};
  const away = (): void => callback(true);
  const shown = (event: Event): void => void ((event as PageTransitionEvent).persisted && callback(true));
  const seen = (): void => void (platform.document?.visibilityState === 'visible' && callback(false));
  const listeners = [
    [platform, 'online', away],
    [platform, 'pageshow', shown],
    [platform.document, 'resume', away],
    [platform.document, 'visibilitychange', seen],
  ] as [Target | undefined, string, (event: Event) => void][];
  for (const [target, type, listener] of listeners) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener(type, listener);
  };
}

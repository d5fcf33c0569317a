// Reports of failed deliveries.

/** Says on the console that a message was not delivered. */
export function report(listenerId: string, error: unknown): void {
  console.error(`eric-sse: listener ${listenerId} was not delivered a message:`, error);
}

/**
 * Returns a function that calls `onError`, or else logs to the console. An `onError` that throws is
 * itself reported: it must not end a stream.
 */
export function reporter(
  listenerId: string,
  onError: ((error: unknown) => void) | undefined,
): (error: unknown) => void {
  if (onError === undefined) return (error) => report(listenerId, error);
  return (error) => {
    try {
      onError(error);
    } catch (failure) {
      report(listenerId, error);
      console.error(`eric-sse: the onError of listener ${listenerId} has thrown:`, failure);
    }
  };
}

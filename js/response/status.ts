// Status: what a client is answered when its channel cannot answer.

/** Returns the status of an error: 503, one of 400 to 499, or 500 for a mistake of the program. */
export function statusOf(error: unknown): number {
  // By its status alone: the channel may be of another build of this package, with classes of its
  // own.
  const { status } = Object(error) as { status?: number };
  return status === 503 || (status! >= 400 && status! < 500) ? status! : 500;
}

/** Returns the status, and reports a mistake of the program to `onError`, or to the console. */
export function refusal(error: unknown, onError: unknown): number {
  const status = statusOf(error);
  if (status === 500) tell(error, onError, 'a request could not be answered');
  return status;
}

/** Tells `onError`, or the console. An `onError` that throws must not end the process. */
export function tell(error: unknown, onError: unknown, what: string): void {
  try {
    if (typeof onError === 'function') return void onError(error);
  } catch (failure) {
    console.error('eric-sse: an onError has thrown:', failure);
  }
  console.error(`eric-sse: ${what}:`, error);
}

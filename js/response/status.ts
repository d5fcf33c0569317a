// Refusal: what a client is told when its channel cannot answer.

/** By the code of what is thrown. A program's own mistakes are 500. */
const STATUS: Record<string, number> = { ERIC_INVALID_CHANNEL: 503, ERIC_INVALID_LISTENER: 409 };

/** Returns the status, and tells `onError`, else the console, of what is the program's own mistake. */
export function refusal(error: unknown, onError: unknown): number {
  const status = STATUS[String((error as { code?: unknown } | null)?.code)] ?? 500;
  if (status !== 500) return status;
  tell(error, onError, 'a request could not be answered');
  return status;
}

/** Tells `onError`, else the console. One that throws must not end the process. */
export function tell(error: unknown, onError: unknown, what: string): void {
  try {
    if (typeof onError === 'function') return void onError(error);
  } catch (failure) {
    console.error('eric-sse: an onError has thrown:', failure);
  }
  console.error(`eric-sse: ${what}:`, error);
}

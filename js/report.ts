// Reports: what goes wrong at delivery, where nobody has asked to be told.

/** Says on the console that a message was not delivered. */
export function report(listenerId: string, error: unknown): void {
  console.error(`eric-sse: listener ${listenerId} was not delivered a message:`, error);
}

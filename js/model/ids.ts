// Identifiers that are unique across processes.

/**
 * Returns a random UUID. Call it when the id is asked for, not while modules load: workerd forbids
 * random numbers there.
 */
export function uniqueId(): string {
  // Missing on a page that is served without TLS, which has `getRandomValues`.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Quotes an id for an error's text. A long one is cut. */
export function shownId(id: unknown): string {
  return typeof id === 'string' ? JSON.stringify(id.slice(0, 80)) : 'that is no string';
}

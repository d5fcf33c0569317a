// Combined event ids: the positions at several channels in one id.
//
// `prices@22e2b4906e99-17,chat@0ab1c2d3e4f5-3`: one part for each channel, `<name>@<event id>`. The
// first part is of the channel that the event is of, and its event id is empty if the client has no
// position there.

/**
 * The most bytes of a combined id. Servers and proxies take a header of 8 KiB; nginx and Apache no
 * longer one, and the other headers of a request often share that room.
 */
export const LONGEST_COMBINED = 4096;

/** The most bytes of a channel's event id: an epoch, and two numbers of at most 16 digits. */
export const LONGEST_POSITION = 12 + 1 + 16 + 1 + 16;

/** The event ids by the names of their channels. */
export type Positions = ReadonlyMap<string, string>;

/** @throws {URIError} when the name has half of a surrogate pair. */
export const printPart = (name: string, id: string): string => `${encodeURIComponent(name)}@${encodeURIComponent(id)}`;

/** Prints the positions in their order. */
export const printCombined = (positions: Positions): string =>
  Array.from(positions, ([name, id]) => printPart(name, id)).join(',');

/**
 * Returns the positions of a combined id, without those that are empty. `undefined` stands for any
 * other text.
 */
export function parseCombined(text: string): Map<string, string> | undefined {
  const positions = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name, id, ...others] = part.split('@').map(decoded);
    if (name === undefined || id === undefined || others.length > 0) return undefined;
    if (id !== '') positions.set(name, id);
  }
  return positions;
}

/** Returns the name of an event's channel; `undefined` when the id is not combined. */
export function channelOf(eventId: string): string | undefined {
  const end = eventId.indexOf('@');
  return end < 0 ? undefined : decoded(eventId.slice(0, end));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

// The text of an event stream: blocks are joined to a string, which the engine encodes once per
// chunk.
//
// Two files write a field name, a colon or a line feed, to the same effect: this one and
// src/wire/encode.rs. A text that crosses to WebAssembly is copied twice more than one that is
// joined here.

import type { Sent } from '../model/message.js';

const LINE_END = /\r\n|[\r\n]/;
const encoder = new TextEncoder();

/**
 * Writes one chunk. The core calls its methods, which return how many characters the chunk has so
 * far.
 */
export class ChunkWriter {
  #text = '';

  /** Appends the block of a message. */
  write(sent: Sent): number {
    return this.event(sent.kind, sent.eventId, sent.text ?? '');
  }

  /**
   * Appends the block of an event.
   *
   * @param type Fits in a line, and so does the id.
   * @param data Any text.
   */
  event(type: string, id: string | undefined, data: string): number {
    const fields = LINE_END.test(data) ? data.split(LINE_END).map(dataField).join('') : dataField(data);
    return (this.#text += `event: ${type}\n${idField(id)}${fields}\n`).length;
  }

  /** Appends the block that a stream starts with. */
  start(retryMilliseconds: number, id: string | undefined, asEvent: boolean): number {
    return (this.#text += noteText(retryMilliseconds, id, asEvent)).length;
  }

  finish(): Uint8Array {
    return encoder.encode(this.#text);
  }
}

/** Returns the bytes of {@link noteText}. */
export const note = (retryMilliseconds?: number, id?: string, asEvent?: boolean): Uint8Array =>
  encoder.encode(noteText(retryMilliseconds, id, asEvent));

/**
 * Returns a block that carries no message: the reconnection time, or a comment, and the event id up
 * to which the client has everything.
 *
 * The standard lets an id stand alone, but Firefox and several client packages drop the id of a
 * block without data.
 *
 * @param asEvent Makes the id that of an event with empty data.
 */
export const noteText = (retryMilliseconds?: number, id?: string, asEvent?: boolean): string => {
  const fields = asEvent && id !== undefined ? `event: _eric_position\n${idField(id)}data:\n` : idField(id);
  return `${retryMilliseconds === undefined ? ':' : `retry: ${retryMilliseconds}`}\n${fields}\n`;
};

const idField = (id: string | undefined): string => (id === undefined ? '' : `id: ${id}\n`);

/**
 * A client strips one space after the colon, so one is written before every value that is not
 * empty.
 */
const dataField = (line: string): string => (line === '' ? 'data:\n' : `data: ${line}\n`);

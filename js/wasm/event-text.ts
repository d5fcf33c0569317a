// Draft: the blocks of an event stream, written as a string of which the engine makes bytes once per chunk.
//
// This file and src/encode.rs are the only ones that write a field name, a colon or a line feed, to the same effect. A text that
// crosses to WebAssembly is copied twice more than one that is joined here.

import type { Sent } from '../model/message.js';

const LINE_END = /\r\n|[\r\n]/;
const encoder = new TextEncoder();

/** A chunk that is being written. The core calls its methods, each of which returns how much has been written. */
export class Draft {
  #text = '';

  /** Appends the block of a message. */
  write(sent: Sent): number {
    return this.event(sent.kind, sent.eventId, sent.text ?? '');
  }

  /**
   * Appends the block of an event.
   *
   * @param type Fits in a line, as does the id.
   * @param data Any text.
   */
  event(type: string, id: string | undefined, data: string): number {
    const fields = LINE_END.test(data) ? data.split(LINE_END).map(dataField).join('') : dataField(data);
    return (this.#text += `event: ${type}\n${idField(id)}${fields}\n`).length;
  }

  /** Appends the block that a stream starts with. */
  start(retryMilliseconds: number, id: string | undefined): number {
    return (this.#text += noteOf(retryMilliseconds, id)).length;
  }

  finish(): Uint8Array {
    return encoder.encode(this.#text);
  }
}

/**
 * Makes a block of which no event comes: with the reconnection time, or a comment; and up to which event id the client has got
 * everything, which it keeps.
 */
export function note(retryMilliseconds?: number, id?: string): Uint8Array {
  return encoder.encode(noteOf(retryMilliseconds, id));
}

const noteOf = (retryMilliseconds: number | undefined, id: string | undefined): string =>
  `${retryMilliseconds === undefined ? ':' : `retry: ${retryMilliseconds}`}\n${idField(id)}\n`;

const idField = (id: string | undefined): string => (id === undefined ? '' : `id: ${id}\n`);

/** A client strips one space behind the colon, so one is written before every value that is not empty. */
const dataField = (line: string): string => (line === '' ? 'data:\n' : `data: ${line}\n`);

// Draft: a chunk of an event stream that is being written, as a string of which the engine makes bytes once.
//
// The core has the same in Rust (src/encode.rs, src/bytes.rs). A text that crosses to WebAssembly is copied twice more, which takes
// ten times as long as to join it here.

import type { Sent } from './message.js';

const LINE_END = /\r\n|[\r\n]/;
const encoder = new TextEncoder();

/** The core writes one for each chunk. */
export class Draft {
  #text = '';

  /** Appends the block of a message. Returns how much has been written. */
  write(sent: Sent): number {
    // The type was checked when it was sent, and the id is ours.
    return this.append(`event: ${sent.kind}\nid: ${sent.eventId}\n${dataFields(sent.text ?? '')}\n`);
  }

  /** Appends blocks. Returns how much has been written. */
  append(blocks: string): number {
    return (this.#text += blocks).length;
  }

  finish(): Uint8Array {
    return encoder.encode(this.#text);
  }
}

/** One `data` field per line, of any text. */
function dataFields(text: string): string {
  return LINE_END.test(text) ? text.split(LINE_END).map(dataField).join('') : dataField(text);
}

/** A client strips one space behind the colon, so one is written before every value that is not empty. */
const dataField = (line: string): string => (line === '' ? 'data:\n' : `data: ${line}\n`);

// Reading the body of a response as a client does, and as bytes.

import { EventStreamDecoder } from './decoder.mjs';
import { promptly } from './support.mjs';

/** Reads a body chunk by chunk. */
export class BodyReader {
  decoder = new EventStreamDecoder();
  text = '';
  /** @type {Uint8Array[]} */
  chunks = [];
  ended = false;
  #reader;
  #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @param {Response} response */
  constructor(response) {
    this.#reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  }

  /** Reads one chunk. @returns {Promise<string | undefined>} its text, or undefined at the end */
  async read() {
    const { done, value } = await this.#reader.read();
    if (done) {
      this.ended = true;
      this.decoder.end();
      return undefined;
    }
    this.chunks.push(value);
    this.decoder.push(value);
    const text = this.#utf8.decode(value, { stream: true });
    this.text += text;
    return text;
  }

  /** Reads one chunk that has to be there. */
  chunk() {
    return promptly(this.read(), 'a chunk');
  }

  /** Reads until so many events have come. @param {number} count */
  async events(count) {
    while (this.decoder.events.length < count && !this.ended) await promptly(this.read(), `event ${count}`);
    return this.decoder.events;
  }

  /** Reads to the end. */
  async rest() {
    while (!this.ended) await promptly(this.read(), 'the end of the body');
    return this;
  }

  /** @param {unknown} [reason] */
  cancel(reason) {
    return this.#reader.cancel(reason);
  }
}

/**
 * The blocks that a channel writes for some messages: everything behind the prelude of one
 * response.
 * @param {import('eric-sse').SSEChannel} channel
 * @param {unknown[]} messages
 */
export async function written(channel, messages) {
  const reader = new BodyReader(channel.response());
  for (const message of messages) channel.broadcast(/** @type {any} */ (message));
  await reader.events(messages.length);
  await reader.cancel();
  return {
    text: reader.text.replace(/^retry: \d+\nevent: _eric_position\nid: \S+\ndata:\n\n/, ''),
    decoder: reader.decoder,
  };
}

/**
 * The start of a response that was opened before the first broadcast: the reconnection time, and
 * its position.
 */
export const PRELUDE = /^retry: 15000\nevent: _eric_position\nid: [0-9a-f]{12}-0\ndata:\n\n$/;

/** A block without its id, which is random. @param {string} text */
export const withoutIds = (text) => text.replace(/^id: .*\n/gm, '');

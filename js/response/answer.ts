// Answer: the function that sends a channel's answer, as a `Response` or to a socket of Node.
// Entries that do not load the core find the channel's method by its name.

import type { Body, Sink } from './body.js';
import type { ResponseOptions } from './options.js';
import type { RequestLike } from './request-id.js';

/**
 * Sends an answer.
 *
 * @param body All of it, or what opens it with the place where its bytes go.
 * @throws the error of opening, before anything is sent.
 */
export type Answer<Answered> = (
  status: number,
  headers: Headers,
  body: Uint8Array | null | ((sink: Sink) => Body),
) => Answered;

/**
 * The name of a channel's method that answers. Of the whole process: the channel may be of another
 * build of this package, an ES module where this is CommonJS, with classes of its own.
 */
export const RESPOND: unique symbol = Symbol.for('eric-sse.respond');

/** A channel, as entries without the core see it. */
export interface Responder {
  /** @throws what `response()` throws. */
  [RESPOND]<Answered>(request: RequestLike, options: ResponseOptions | undefined, answer: Answer<Answered>): Answered;
}

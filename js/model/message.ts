// Message: an event type and a payload; and what becomes of it when it is sent.

import { utf8Length } from '../util/utf8.js';
import { InvalidMessageFormat } from './errors.js';
import { checkType, describe } from './event-fields.js';
import { printEventId } from './event-id.js';
import { toText } from './payload.js';

/**
 * A container of information identified by a type.
 *
 * @example
 * new Message('price', { symbol: 'ABC', value: 12.5 })
 */
// biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
export interface Message<Type extends string = string, Payload = any> {
  /** The event type: not empty, without CR, LF and NUL. */
  readonly type: Type;
  /** Any JSON value, or `undefined` for none. */
  readonly payload: Payload;
}

/**
 * The class {@link Message}. Declared apart, since no class can say that the payload's type hangs
 * on its being there.
 */
export interface MessageConstructor {
  readonly prototype: Message;
  /** @throws {InvalidMessageFormat} when the type does not fit in a line of an event stream. */
  new <Type extends string>(type: Type): Message<Type, undefined>;
  /** @throws {InvalidMessageFormat} when the type does not fit in a line of an event stream. */
  // biome-ignore lint/complexity/noBannedTypes: any value but null and undefined, which `Literal` names
  new <Type extends string, Payload extends Literal | {}>(type: Type, payload: Payload): Message<Type, Payload>;
}

/** Named in a constraint, these make TypeScript infer `'low'` rather than `string`. */
type Literal = string | number | boolean | null | undefined;

export const Message = class Message<Type extends string, Payload> {
  static {
    // A class expression: scripts/lib/class-names.mjs does not see it.
    Object.defineProperty(this, 'name', { value: 'Message' });
  }
  readonly type: Type;
  readonly payload: Payload | undefined;

  constructor(type: Type, payload?: Payload) {
    checkType(type);
    this.type = type;
    this.payload = payload;
  }
} as MessageConstructor;

/**
 * About what it takes to keep a message, beside its type and data: measured as
 * tests/guarantees/stalled.test.mjs does.
 */
const MESSAGE_BYTES = 256;

/** The first half of a channel's event ids. */
export interface Epoch {
  readonly text: string;
}

/** A message that was sent: serialised once, and shared by everybody who gets it. */
export class Sent {
  readonly message: Message;
  /** The event type. */
  readonly kind: string;
  /** The event's data; `undefined` without a payload. */
  readonly text: string | undefined;
  /** Its weight in bounds: the bytes of its type and data, and the cost of keeping it. */
  bytes: number;
  /**
   * The event id: known at once of a dispatch, of a broadcast kept when the first reader in this
   * process needs it.
   */
  id: string | undefined = undefined;
  /** The epoch and the sequence number of a broadcast. */
  epoch: Epoch | undefined = undefined;
  sequence = 0;

  /**
   * @param text Its payload's text, of a message that was serialised before.
   * @throws {InvalidMessageFormat} when it is no message, or JSON cannot carry its payload.
   */
  constructor(message: Message, text = toText(message.payload)) {
    // Read once: a getter may give another one the next time.
    this.kind = message.type;
    const kindBytes = checkType(this.kind);
    this.message = message;
    this.text = text;
    this.bytes = MESSAGE_BYTES + kindBytes + (this.text === undefined ? 0 : utf8Length(this.text));
  }

  get eventId(): string {
    return this.id ?? printEventId(this.epoch!.text, this.sequence);
  }
}

/** @throws {InvalidMessageFormat} when it is no message, or JSON cannot carry its payload. */
export function toSent(message: unknown): Sent {
  if (message instanceof Message) return new Sent(message);
  if (typeof message !== 'object' || message === null) {
    throw new InvalidMessageFormat(`a message is a Message or an object { type, payload }, not ${describe(message)}`);
  }
  const { type, payload } = message as Partial<Message>;
  return new Sent(new Message(type as string, payload));
}

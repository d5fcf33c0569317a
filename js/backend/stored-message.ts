// Messages as a backend stores them, and as the core sends them.

import { Message, Sent } from '../model/message.js';
import type { NewMessage } from './contract.js';

/**
 * Replaces lone surrogates as the wire does: a backend that stores UTF-8 would replace each by
 * other characters, and a replay would differ.
 */
const wellFormed = (text: string): string => (text as { toWellFormed?(): string }).toWellFormed?.() ?? text;

/** @param except As in {@link NewMessage}. */
export function toStored(sent: Sent, except: string | undefined): NewMessage {
  const { payload } = sent.message;
  return {
    type: wellFormed(sent.kind),
    data: sent.text === undefined ? null : wellFormed(sent.text),
    json: payload !== undefined && typeof payload !== 'string',
    except: except ?? null,
    bytes: sent.bytes + (except?.length ?? 0),
  };
}

/** Its payload is parsed on demand: a message that only goes on the wire is not parsed. */
export function toSent({ type, data, json, bytes }: NewMessage): Sent {
  const text = data ?? undefined;
  let payload: { value: unknown } | undefined;
  const message = {
    __proto__: Message.prototype,
    type,
    get payload() {
      return (payload ??= { value: json ? JSON.parse(data!) : text }).value;
    },
  };
  const sent = new Sent(message, text);
  sent.bytes = bytes;
  return sent;
}

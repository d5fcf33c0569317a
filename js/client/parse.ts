// From an event's text to what the loop gets.

import { GAP } from '../model/event-types.js';
import type { ReceivedEvent } from './decoder/decoder.js';
import { InvalidEventError } from './errors.js';
import type { ConnectOptions } from './options.js';

/** @internal */
export type Parsed = { type: string; data: unknown; lastEventId: string } | undefined;

/**
 * Returns a function that makes the loop's event of a received one, or `undefined` of an invalid
 * one, which it reports. It returns a promise where a schema does.
 *
 * @internal
 */
export function parser({ parse = 'json', schemas, onInvalid }: ConnectOptions) {
  const toValue = parse === 'json' ? jsonOf : parse === 'text' ? textOf : parse;
  return (event: ReceivedEvent): Parsed | Promise<Parsed> => {
    const { type } = event;
    const refused = (error: unknown): undefined => {
      const isIssues = Array.isArray(error);
      report(new InvalidEventError(event, isIssues ? error : [{ message: messageOf(error) }], error), onInvalid);
    };
    try {
      const value = type === GAP ? jsonOf(event.data) : toValue(event.data, type);
      const schema = schemas && Object.hasOwn(schemas, type) ? schemas[type] : undefined;
      if (!schema) return { ...event, data: value };
      const validated = schema['~standard'].validate(value);
      const judge = (result: Awaited<typeof validated>): Parsed =>
        result.issues ? refused(result.issues) : { ...event, data: result.value };
      return validated instanceof Promise ? validated.then(judge).catch(refused) : judge(validated);
    } catch (error) {
      return refused(error);
    }
  };
}

const textOf = (data: string): string => data;

/** The opposite of what a channel does: a string payload is its own text. */
function jsonOf(data: string): unknown {
  if (data === '') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function report(error: InvalidEventError, onInvalid: ConnectOptions['onInvalid']): void {
  if (onInvalid) quietly(() => onInvalid(error));
  else console.error('eric-sse:', error.message);
}

/** Calls a function of the program, whose exceptions must not end the connection. @internal */
export function quietly(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error('eric-sse: a callback has thrown:', error);
  }
}

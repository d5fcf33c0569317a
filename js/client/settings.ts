// The checks of the options of a connection.

import {
  functionOption,
  LONGEST_TIMER_SECONDS,
  numberOption,
  objectOption,
  shown,
  signalOption,
} from '../util/options.js';
import type { ConnectOptions, ConnectTarget } from './options.js';
import type { RequestOptions } from './request.js';

/** Options that are valid. @internal */
export interface Settings {
  target: ConnectTarget;
  options: RequestOptions;
  signal: AbortSignal | undefined;
  lastEventId: string | undefined;
  reconnect: 'always' | 'on-error' | 'never';
  resume: ConnectOptions['resume'];
  /** Whether another attempt may have other credentials. */
  canRefresh: boolean;
  retryMilliseconds: number;
  mostRetryMilliseconds: number;
  mostRetries: number;
  connectMilliseconds: number;
  heartbeatMilliseconds: number | undefined;
  mostEvents: number;
  mostBytes: number;
  maxEventBytes: number | undefined;
}

const RECONNECT: unknown[] = ['always', 'on-error', 'never'];

/** @throws {TypeError | RangeError} when an option is invalid. @internal */
export function settingsOf(target: ConnectTarget, given: ConnectOptions | undefined): Settings {
  const options = objectOption(given, 'options');
  const { method = 'GET', body, headers, resume, lastEventId, connectSeconds, heartbeatSeconds } = options;
  const isGet = method.toUpperCase() === 'GET' && body == null;
  const reconnect = options.reconnect ?? (resume ? 'on-error' : isGet ? 'always' : 'never');
  if (!RECONNECT.includes(reconnect)) throw new RangeError(`reconnect must be 'always', 'on-error' or 'never'`);
  if (lastEventId !== undefined && typeof lastEventId !== 'string')
    throw new TypeError(`lastEventId must be a string, not ${shown(lastEventId)}`);
  const number = (name: 'retryMilliseconds' | 'maxRetryMilliseconds' | 'maxRetries', otherwise: number): number =>
    numberOption(options[name], name, otherwise, Infinity);
  const seconds = (value: number | undefined, name: string, otherwise: number): number =>
    numberOption(value, name, otherwise, LONGEST_TIMER_SECONDS) * 1000;
  const { events, bytes } = objectOption(options.queue, 'queue');
  // A URL that is invalid would be retried for ever.
  if (typeof target === 'string' && !functionOption(options.fetch, 'fetch')) new URL(target, globalThis.location?.href);
  return {
    target,
    options,
    signal: signalOption(options.signal, 'signal'),
    lastEventId,
    reconnect,
    resume: functionOption(resume, 'resume'),
    canRefresh: typeof headers === 'function' || typeof target === 'function',
    retryMilliseconds: number('retryMilliseconds', 1000),
    mostRetryMilliseconds: number('maxRetryMilliseconds', 30_000),
    mostRetries: number('maxRetries', Infinity),
    connectMilliseconds: seconds(connectSeconds, 'connectSeconds', 30) || Infinity,
    heartbeatMilliseconds:
      heartbeatSeconds === undefined ? undefined : seconds(heartbeatSeconds, 'heartbeatSeconds', 0),
    mostEvents: numberOption(events, 'queue.events', 1024, Infinity),
    mostBytes: numberOption(bytes, 'queue.bytes', 1024 * 1024, Infinity),
    maxEventBytes: options.maxEventBytes,
  };
}

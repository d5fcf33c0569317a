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

/** Options that are valid, with their defaults. @internal */
export type Settings = Omit<ConnectOptions, Numbers | 'signal'> &
  Record<Exclude<Numbers, 'heartbeatSeconds'>, number> & {
    target: ConnectTarget;
    reconnect: 'always' | 'on-error' | 'never';
    signal: AbortSignal | undefined;
    /** `undefined` to find it out. */
    heartbeatSeconds: number | undefined;
  };

type Numbers = keyof typeof NUMBERS;

/** The options that are numbers: their defaults, and the most that they may be. */
const NUMBERS = {
  retryMilliseconds: [1000],
  maxRetryMilliseconds: [30_000],
  maxRetries: [Infinity],
  maxEventBytes: [16 * 1024 * 1024],
  connectSeconds: [30, LONGEST_TIMER_SECONDS],
  heartbeatSeconds: [undefined, LONGEST_TIMER_SECONDS],
} as const;

/** @throws {TypeError | RangeError} when an option is invalid. @internal */
export function settingsOf(target: ConnectTarget, given: ConnectOptions | undefined): Settings {
  const options = objectOption(given, 'options');
  const { method = 'GET', body, resume, lastEventId, fetch, signal } = options;
  const isGet = method.toUpperCase() === 'GET' && body == null;
  const reconnect = options.reconnect ?? (resume ? 'on-error' : isGet ? 'always' : 'never');
  if (!['always', 'on-error', 'never'].includes(reconnect))
    throw new RangeError(`reconnect must be 'always', 'on-error' or 'never'`);
  if (lastEventId !== undefined && typeof lastEventId !== 'string')
    throw new TypeError(`lastEventId must be a string, not ${shown(lastEventId)}`);
  functionOption(resume, 'resume');
  // A URL that is invalid would be retried for ever.
  if (!functionOption(fetch, 'fetch') && typeof target === 'string') new URL(target, globalThis.location?.href);
  const settings = { ...options, target, reconnect, signal: signalOption(signal, 'signal') } as Settings;
  for (const [name, [otherwise, most = Infinity]] of Object.entries(NUMBERS) as [Numbers, readonly number[]][])
    settings[name] = numberOption(options[name], name, otherwise!, most);
  return settings;
}

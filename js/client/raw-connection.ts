// A connection to an event stream, over as many requests as it takes.
//
// connecting -> open -> (waiting -> connecting ->) ... -> ended. A request that brings an event
// stream opens the connection. A loss ends it, or is followed by a wait and another request, which
// has the last event ID.

import { CHANNEL_CLOSED } from '../model/event-types.js';
import { EventStreamDecoder, EventTooLargeError, type ReceivedEvent } from './decoder/decoder.js';
import { isEventStream } from './decoder/event-stream.js';
import { ConnectionError, errorOf } from './errors.js';
import { Liveness } from './liveness.js';
import type { ConnectionEnd, StateChange } from './options.js';
import { type Attempt, made, requestFor } from './request.js';
import { bounded, delayOf, retryAfterOf } from './retry.js';
import type { Settings } from './settings.js';
import { isOffline, onWake } from './wake.js';

/** The receiver of a connection's events. @internal */
export interface Sink {
  /** Events have come; the project's own that carry an id alone are left out. */
  push(events: ReceivedEvent[], lastEventId: string): void;
  /** Whether events are of several channels, whose closing does not end the connection. */
  hasChannels?: boolean;
  /** Resolves when there is room for more; `undefined` when there is. */
  room(): Promise<void> | undefined;
  changed(change: StateChange): void;
}

/** Why a response no longer brings events. */
interface Loss {
  /** `undefined` for a response that has ended as it should. */
  error?: unknown;
  /** The least delay, by `Retry-After`. */
  atLeast?: number;
  /** The delay that the server has set at the end of its response. */
  exactly?: number | undefined;
  /** The request is not sent again, whatever the options say. */
  isFinal?: boolean;
}

/** Responses that broke off after so long were a success, as were shorter ones that have ended. */
const GOOD_MILLISECONDS = 60_000;
const GOOD_MILLISECONDS_TO_THE_END = 5000;
const POSITION = '_eric_position';

/** @internal */
export class RawConnection {
  readonly #settings: Settings;
  readonly #sink: Sink;
  readonly #decoder: EventStreamDecoder;
  readonly #liveness: Liveness;
  #end: ConnectionEnd | undefined;
  /** How many attempts in a row there were without a good minute. */
  #retries = 0;
  /** The status for which the headers are to be made anew. */
  #refused: number | undefined;
  /** A request may have reached the server. */
  #isSent = false;
  /** A response has brought an event stream. */
  #hasOpened = false;
  /** The reader has asked for a new request while a response was open. */
  #isForced = false;
  /** Ends the attempt, or the wait. */
  #interrupt: ((error?: ConnectionError) => void) | undefined;
  #state: StateChange['state'] = 'connecting';

  constructor(settings: Settings, sink: Sink) {
    this.#settings = settings;
    this.#sink = sink;
    const { lastEventId, maxEventBytes, heartbeatSeconds } = settings;
    this.#liveness = new Liveness(heartbeatSeconds, (seconds) =>
      this.#interrupt?.(new ConnectionError(`the connection was silent for ${Math.round(seconds)} seconds`)),
    );
    const onComment = (text: string): void => this.#liveness.comment(text);
    this.#decoder = new EventStreamDecoder({ onComment, lastEventId, maxEventBytes });
  }

  get lastEventId(): string {
    return this.#decoder.lastEventId;
  }

  /** Ends the connection. */
  end(end: ConnectionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#interrupt?.();
  }

  /** Makes a new request at once. */
  reconnect(): void {
    if (this.#state === 'connecting' || this.#settings.reconnect === 'never') return;
    this.#isForced = this.#state === 'open';
    this.#interrupt?.();
  }

  /** Runs until the connection ends. */
  async run(): Promise<ConnectionEnd> {
    const stopWaking = onWake((wasAway) => {
      if (this.#state === 'waiting') this.#interrupt?.();
      else this.#liveness.wake(wasAway);
    });
    try {
      while (!this.#end) {
        const loss = await this.#attempt();
        if (!this.#end && loss) await this.#afterLoss(loss);
      }
    } catch (error) {
      this.end({ reason: 'failed', error });
    }
    stopWaking();
    this.#change({ state: 'ended', end: this.#end! });
    return this.#end!;
  }

  /**
   * Makes a request and reads its response. Returns the loss; `undefined` for another attempt at
   * once.
   */
  async #attempt(): Promise<Loss | undefined> {
    const attempt: Attempt = { retries: this.#retries, lastEventId: this.lastEventId, refused: this.#refused };
    const { target: first, resume, connectSeconds } = this.#settings;
    const isResumed = resume !== undefined && this.#isSent;
    const target = await (isResumed ? resume(attempt.lastEventId, attempt) : made(first, attempt));
    if (this.#end) return undefined;
    if (target == null) return { isFinal: true, error: new ConnectionError('there is nothing to resume') };
    this.#change({ state: 'connecting', attempt });
    const controller = new AbortController();
    let cut: ConnectionError | undefined;
    this.#interrupt = (error) => {
      cut = error;
      controller.abort(error);
    };
    const { method, body, ...others } = this.#settings;
    // Its errors are those of the program, which no retry helps against.
    const fetch = await requestFor(target, isResumed ? others : this.#settings, attempt, controller.signal);
    if (this.#end) return undefined;
    const slow = (): void =>
      this.#interrupt?.(new ConnectionError(`no response came within ${connectSeconds} seconds`));
    const timer = connectSeconds > 0 ? setTimeout(slow, connectSeconds * 1000) : undefined;
    let response: Response;
    try {
      this.#isSent = true;
      response = await fetch();
    } catch (cause) {
      return { error: cut ?? new ConnectionError('the request failed', { cause }) };
    } finally {
      clearTimeout(timer);
    }
    if (this.#end) return void response.body?.cancel().catch(() => {});
    if (!response.ok || !response.body || !isEventStream(response.headers)) return this.#refusal(response);
    this.#refused = undefined;
    this.#hasOpened = true;
    return this.#read(response, () => cut);
  }

  /** Decides about a response that is no event stream. */
  async #refusal(response: Response): Promise<Loss | undefined> {
    const { status, headers } = response;
    const error = await errorOf(response);
    if (status === 204) return void this.end({ reason: 'gone' });
    const { reconnect, resume, headers: made, target } = this.#settings;
    // A run that has not begun cannot be resumed.
    if (reconnect === 'never' || (resume && !this.#hasOpened)) return { error, isFinal: true };
    if (status === 401 || status === 403) {
      // Credentials that were just made anew are no better the second time.
      if (this.#refused !== undefined || ![made, target].some((each) => typeof each === 'function'))
        return { error, isFinal: true };
      this.#refused = status;
      return undefined;
    }
    const isPassing = status === 408 || status === 425 || status === 429 || status >= 500;
    return { error, isFinal: !isPassing, atLeast: retryAfterOf(headers) };
  }

  async #read(response: Response, cutBy: () => ConnectionError | undefined): Promise<Loss | undefined> {
    const decoder = this.#decoder;
    decoder.reset();
    const reader = response.body!.getReader();
    const { status, headers } = response;
    // A `fetch` that heeds no signal is left as well.
    const abort = this.#interrupt!;
    let isCut = false;
    this.#interrupt = (error) => {
      isCut = true;
      abort(error);
      void reader.cancel(error).catch(() => {});
    };
    this.#change({ state: 'open', status, headers });
    const openedAt = Date.now();
    /** The reconnection time, if the server has set one since the last event. */
    let told: number | undefined;
    let loss: Loss;
    try {
      for (;;) {
        await this.#sink.room();
        this.#liveness.waits();
        const { done, value } = isCut ? { done: true } : await reader.read();
        this.#liveness.came();
        if (done || isCut) break;
        const before = decoder.reconnectionTime;
        if (this.#deliver(decoder.push(value!))) told = undefined;
        if (decoder.reconnectionTime !== before) told = decoder.reconnectionTime;
        if (this.#end) break;
      }
      loss = isCut ? { error: cutBy() } : { exactly: told };
    } catch (error) {
      if (error instanceof EventTooLargeError) loss = { error, isFinal: true };
      else loss = { error: cutBy() ?? new ConnectionError('the response broke off', { cause: error }) };
      void reader.cancel().catch(() => {});
    }
    this.#liveness.end();
    const lasted = Date.now() - openedAt;
    if (lasted >= (loss.error === undefined ? GOOD_MILLISECONDS_TO_THE_END : GOOD_MILLISECONDS)) this.#retries = 0;
    if (!this.#isForced) return loss;
    this.#isForced = false;
    return undefined;
  }

  /** Returns whether there was an event. */
  #deliver(events: ReceivedEvent[]): boolean {
    if (events.length > 0 && events.some(({ type }) => type.startsWith('_eric_'))) {
      const closed = this.#sink.hasChannels ? -1 : events.findIndex(({ type }) => type === CHANNEL_CLOSED);
      if (closed >= 0) {
        events.length = closed;
        this.end({ reason: 'closed' });
      }
      events = events.filter(({ type }) => type !== POSITION);
    }
    if (events.length > 0) this.#liveness.event();
    this.#sink.push(events, this.lastEventId);
    return events.length > 0;
  }

  async #afterLoss({ error, atLeast = 0, exactly, isFinal }: Loss): Promise<void> {
    const { reconnect, maxRetries, retryMilliseconds, maxRetryMilliseconds } = this.#settings;
    const isClean = error === undefined;
    if (isFinal || reconnect === 'never' || (isClean && reconnect === 'on-error')) {
      return this.end(isClean ? { reason: 'finished' } : { reason: 'failed', error });
    }
    let delay = isClean && exactly !== undefined ? bounded(exactly) : undefined;
    if (delay === undefined) {
      if (this.#retries >= maxRetries)
        return this.end({ reason: 'failed', error: error ?? new ConnectionError('the response has ended') });
      delay = delayOf(
        this.#decoder.reconnectionTime ?? retryMilliseconds,
        this.#retries,
        maxRetryMilliseconds,
        atLeast,
      );
      this.#retries++;
    }
    if (isOffline()) delay = Infinity;
    await new Promise<void>((resolve) => {
      const timer = delay < Infinity ? setTimeout(resolve, delay) : undefined;
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#change({ state: 'waiting', delayMilliseconds: delay, error });
    });
  }

  #change(change: StateChange): void {
    this.#state = change.state;
    this.#sink.changed(change);
  }
}

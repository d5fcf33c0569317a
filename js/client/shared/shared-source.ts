// One connection for all tabs. The tab that holds a lock leads: it has the connection, and sends
// each event to the others. Every tab keeps the events that it has received last.
//
// - Each message with events has the last event ID before them. A tab that lacks this ID has missed
//   events: it asks the leader for the rest, and receives a gap if the leader no longer has it. A
//   tab that is further leaves out the events that it has.
// - A tab that is closed gives up its lock. The next one leads, and resumes after the last ID that
//   it has. A tab that is frozen, or kept for the back button, gives up its lock before.
// - A leader that does not answer is frozen or stuck: another tab takes its lock.

import type { ReceivedEvent } from '../decoder/decoder.js';
import { ConnectionError } from '../errors.js';
import type { ConnectionEnd, StateChange } from '../options.js';
import type { EventQueue } from '../queue.js';
import { RawConnection } from '../raw-connection.js';
import type { Settings } from '../settings.js';
import { onLeave } from './page.js';
import type { SentState, TabMessage } from './protocol.js';
import { Recent } from './recent.js';

/** How long a leader may take to answer. */
const ANSWER_MILLISECONDS = 3000;
/** How long the end may take to reach all tabs. */
const END_MILLISECONDS = 1000;
/** Tabs do not all take the lock at once. */
const SPREAD_MILLISECONDS = 1000;
/** After so long without a message a tab asks whether the leader is there. */
const QUIET_MILLISECONDS = 10_000;

/** @internal */
export class SharedSource {
  readonly #name: string;
  readonly #settings: Settings;
  readonly #queue: EventQueue;
  readonly #changed: (change: StateChange) => void;
  readonly #tab = `${Math.random()}`;
  #channel: BroadcastChannel | undefined;
  /** `undefined` until it is known where this tab begins. */
  #recent: Recent | undefined;
  /** How many of the recent entries the queue has, and the ID of the last one. */
  #queued = 0;
  #queuedId = '';
  #waitsForRoom = false;
  /** The connection, while this tab leads. */
  #raw: RawConnection | undefined;
  #state: SentState = { state: 'connecting', delayMilliseconds: 0 };
  /** Gives up the lock, or the wait for it. */
  #release: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: ConnectionEnd | undefined;
  #ended: (() => void) | undefined;

  constructor(name: string, settings: Settings, queue: EventQueue, changed: (change: StateChange) => void) {
    this.#name = name;
    this.#settings = settings;
    this.#queue = queue;
    this.#changed = changed;
    if (settings.lastEventId !== undefined) this.#begin(settings.lastEventId);
  }

  get lastEventId(): string {
    return this.#recent?.last ?? '';
  }

  async run(): Promise<ConnectionEnd> {
    if (!this.#end) {
      const stop = onLeave(
        () => this.#leave(),
        () => this.#join(),
      );
      this.#join();
      await new Promise<void>((resolve) => (this.#ended = resolve));
      stop();
    }
    this.#changed({ state: 'ended', end: this.#end! });
    return this.#end!;
  }

  /** Ends the connection of this tab. Another tab then leads, if there is one. */
  end(end: ConnectionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#leave();
    this.#ended?.();
  }

  /** Ends it as all tabs do: none of them is to lead before it has heard of the end. */
  #endWithAll(end: ConnectionEnd): void {
    const release = this.#release;
    this.#release = undefined;
    setTimeout(() => release?.(), END_MILLISECONDS);
    this.end(end);
  }

  reconnect(): void {
    if (this.#raw) this.#raw.reconnect();
    else this.#send({ kind: 'reconnect' });
  }

  #join(): void {
    if (this.#end || this.#channel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data);
    this.#lock(false);
    this.#ask();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#stopLeading();
    this.#release?.();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #send(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  /** Waits for the lock, or takes it from a leader that does not answer. */
  #lock(steal: boolean): void {
    this.#release?.();
    const waiting = new AbortController();
    let isGivenUp = false;
    let release = (): void => waiting.abort();
    this.#release = () => {
      isGivenUp = true;
      release();
    };
    const hold = (): Promise<void> | undefined => {
      if (isGivenUp) return undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      this.#lead();
      return held;
    };
    void navigator.locks
      .request(this.#name, steal ? { steal } : { signal: waiting.signal }, hold)
      .catch(() => {})
      .then(() => {
        if (isGivenUp) return;
        // Another tab has taken the lock, and leads.
        this.#stopLeading();
        this.#lock(false);
        this.#ask();
      });
  }

  #lead(): void {
    clearTimeout(this.#timer);
    const raw = new RawConnection(
      { ...this.#settings, lastEventId: this.#recent?.last },
      {
        // A loop that is behind does not hold up the other tabs.
        room: () => undefined,
        push: (events, last) => {
          if (raw !== this.#raw) return;
          const after = this.lastEventId;
          if (events.length > 0 || last !== after) this.#send({ kind: 'events', after, last, events });
          if (!this.#recent) this.#begin(events[0]?.lastEventId ?? last);
          this.#add(events, last);
        },
        changed: (change) => {
          if (raw !== this.#raw || change.state === 'ended') return;
          const { state } = change;
          this.#state = { state, delayMilliseconds: state === 'waiting' ? change.delayMilliseconds : 0 };
          this.#send({ kind: 'state', state: this.#state });
          this.#changed(change);
        },
      },
    );
    this.#raw = raw;
    void raw.run().then((end) => {
      if (raw !== this.#raw) return;
      const { reason, error } = end;
      this.#send({ kind: 'end', reason, message: (error as Error | undefined)?.message });
      this.#endWithAll(end);
    });
  }

  #stopLeading(): void {
    const raw = this.#raw;
    this.#raw = undefined;
    raw?.end({ reason: 'left' });
  }

  /** Asks the leader for the events that this tab lacks. Without an answer its lock is taken. */
  #ask(): void {
    clearTimeout(this.#timer);
    this.#send({ kind: 'ask', tab: this.#tab, after: this.#recent?.last });
    const wait = ANSWER_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS;
    this.#timer = setTimeout(() => this.#lock(true), wait);
  }

  #receive(message: TabMessage): void {
    if (message.kind === 'end') {
      const { reason, message: text } = message;
      return this.#endWithAll(
        reason === 'failed' ? { reason, error: new ConnectionError(text) } : ({ reason } as ConnectionEnd),
      );
    }
    if (this.#raw) {
      if (message.kind === 'reconnect') this.#raw.reconnect();
      if (message.kind === 'ask') this.#answer(message.tab, message.after);
      return;
    }
    if (message.kind === 'ask' || message.kind === 'reconnect') return;
    // The leader is there.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), QUIET_MILLISECONDS);
    if (message.kind !== 'events') {
      if (message.kind === 'answer' && message.tab !== this.#tab) return;
      this.#follow(message.state);
      if (message.kind === 'state') return;
    }
    const { after, last, events } = message;
    if (!this.#recent) {
      // Only an answer says where this tab begins.
      if (message.kind === 'answer') this.#begin(last);
    } else if (after === this.#recent.last) this.#add(events, last);
    else if (this.#recent.countAfter(after) < 0) this.#ask();
    else {
      const others = events.filter(({ lastEventId }) => this.#recent!.countAfter(lastEventId) < 0);
      this.#add(others, this.#recent.countAfter(last) < 0 ? last : this.#recent.last);
    }
  }

  #answer(tab: string, after: string | undefined): void {
    const last = this.lastEventId;
    // Before its first event a leader has none that a tab could lack.
    const recent = this.#recent ?? new Recent(after ?? '');
    const isHere = after === undefined || after === last;
    const count = isHere ? recent.count : recent.countAfter(after);
    const events = recent.from(count, after ?? '', 'expired');
    this.#send({ kind: 'answer', tab, after: after ?? last, last, events, state: this.#state });
  }

  /** The state of the leader is that of this tab. */
  #follow({ state, delayMilliseconds }: SentState): void {
    if (state === this.#state.state && state !== 'waiting') return;
    this.#state = { state, delayMilliseconds };
    if (state === 'waiting') this.#changed({ state, delayMilliseconds });
    else if (state === 'open') this.#changed({ state, status: 200, headers: new Headers() });
    else this.#changed({ state, attempt: { retries: 0, lastEventId: this.lastEventId, refused: undefined } });
  }

  #begin(last: string): void {
    this.#recent = new Recent(last);
    this.#queued = this.#recent.count;
    this.#queuedId = last;
  }

  #add(events: ReceivedEvent[], last: string): void {
    this.#recent!.add(events, last);
    this.#fill();
  }

  /** Hands on what the queue has room for: all that there is, once there is room at all. */
  #fill(): void {
    if (this.#waitsForRoom) return;
    const room = this.#queue.room();
    if (room) {
      this.#waitsForRoom = true;
      void room.then(() => {
        this.#waitsForRoom = false;
        this.#fill();
      });
      return;
    }
    const recent = this.#recent!;
    const events = recent.from(this.#queued, this.#queuedId, 'overflow');
    this.#queued = recent.count;
    this.#queuedId = recent.last;
    this.#queue.push(events);
  }
}

// One connection for all tabs. The tab that holds a lock leads: it has the connection, and sends
// each event to the others. Every tab keeps the events that it has received last.
//
// - Each message with events has the last event ID before them. A tab that lacks this ID has missed
//   events: it asks the leader for the rest. A tab that is further leaves out the events that it
//   has.
// - If the leader does not know the ID of a tab that asks, one of the two is far behind. A leader
//   that has just connected may be: it waits for a second, and then answers with a gap.
// - A tab that is closed gives up its lock. The next one leads, and resumes after the last ID that
//   it has. A tab that is frozen, or kept for the back button, gives up its lock before.
// - A leader that does not answer is frozen or stuck: another tab takes its lock.

import { ConnectionError } from '../errors.js';
import type { ConnectionEnd, StateChange } from '../options.js';
import type { EventQueue } from '../queue.js';
import { RawConnection } from '../raw-connection.js';
import type { Settings } from '../settings.js';
import { Backlog, gapOf } from './backlog.js';
import { holdLock } from './lock.js';
import { onLeave } from './page.js';
import { type EventsMessage, isMessage, type SentState, type TabMessage } from './protocol.js';

/** How long a leader may take to answer. */
const ANSWER_MILLISECONDS = 3000;
/** How long the end may take to reach all tabs. */
const END_MILLISECONDS = 1000;
/** Tabs do not all take the lock at once. */
const SPREAD_MILLISECONDS = 1000;
/** After so long without a message a tab asks whether the leader is there. */
const QUIET_MILLISECONDS = 10_000;
/** How long a leader that has connected may take to receive what other tabs have. */
const CATCH_UP_MILLISECONDS = 1000;
/** A tab that was never answered waits longer: the others know where to continue. */
const NEWCOMER_MILLISECONDS = 3000;
/** Another tab asks: without an answer to it this tab asks, too. */
const FOLLOW_UP_MILLISECONDS = 1000;

const CONNECTING: SentState = { state: 'connecting', delayMilliseconds: 0 };

/** @internal */
export class SharedSource {
  readonly #name: string;
  readonly #settings: Settings;
  readonly #changed: (change: StateChange) => void;
  readonly #tab = `${Math.random()}`;
  #channel: BroadcastChannel | undefined;
  /** `undefined` until it is known where this tab begins. */
  #recent: Backlog | undefined;
  readonly #begin: (last: string) => Backlog;
  /** The connection, while this tab leads. */
  #raw: RawConnection | undefined;
  #state: SentState = CONNECTING;
  /** Gives up the lock, or the wait for it. */
  #release: (() => void) | undefined;
  /** Of the next question, or of the end of the wait for its answer. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** This tab waits for an answer. */
  #isAsking = false;
  /** A leader has answered this tab, or it is one. */
  #isAnswered = false;
  /** The leader has sent something since the question. */
  #isHeard = false;
  #end: ConnectionEnd | undefined;
  #ended: (() => void) | undefined;

  constructor(name: string, settings: Settings, queue: EventQueue, changed: (change: StateChange) => void) {
    this.#name = name;
    this.#settings = settings;
    this.#changed = changed;
    this.#begin = (last) => (this.#recent = new Backlog(last, queue));
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
    if (this.#end || this.#channel || this.#raw) return;
    try {
      this.#channel = new BroadcastChannel(this.#name);
    } catch {
      // The origin may have none, such as that of a sandboxed frame.
      return this.#lead();
    }
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => void (isMessage(data) && this.#receive(data));
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
    this.#release = holdLock(this.#name, steal, {
      held: () => this.#lead(),
      // Another tab has taken the lock, and leads.
      stolen: () => {
        this.#stopLeading();
        this.#lock(false);
        this.#ask();
      },
    });
  }

  #lead(): void {
    this.#rest();
    clearTimeout(this.#timer);
    this.#state = CONNECTING;
    const raw = new RawConnection(
      { ...this.#settings, lastEventId: this.#recent?.last },
      {
        // A loop that is behind does not hold up the other tabs.
        room: () => undefined,
        push: (events, last) => {
          if (raw !== this.#raw) return;
          const after = this.#recent?.last;
          if (events.length === 0 && last === (after ?? '')) return;
          this.#send({ kind: 'events', after, last, events });
          (this.#recent ?? this.#begin(events[0]?.lastEventId ?? last)).add(events, last);
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
    this.#state = CONNECTING;
    raw?.end({ reason: 'left' });
  }

  /** Asks the leader for the events that this tab lacks. */
  #ask(): void {
    clearTimeout(this.#timer);
    this.#isAsking = true;
    this.#isHeard = false;
    this.#send({ kind: 'ask', tab: this.#tab, after: this.#recent?.last });
    const wait = ANSWER_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS;
    this.#timer = setTimeout(
      // The leader may have sent something else.
      () => (this.#isHeard ? this.#ask() : this.#lock(true)),
      this.#isAnswered ? wait : wait + NEWCOMER_MILLISECONDS,
    );
  }

  /** Asks nothing, until the leader has been quiet for long. */
  #rest(): void {
    this.#isAnswered = true;
    this.#isAsking = false;
    this.#askAfter(QUIET_MILLISECONDS);
  }

  #askAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), milliseconds);
  }

  #receive(message: TabMessage): void {
    const { kind } = message;
    if (kind === 'end') {
      const { reason, message: text } = message;
      return this.#endWithAll(
        reason === 'failed' ? { reason, error: new ConnectionError(text) } : ({ reason } as ConnectionEnd),
      );
    }
    if (this.#raw) {
      if (kind === 'reconnect') this.#raw.reconnect();
      if (kind === 'ask') this.#answer(message.tab, message.after);
      return;
    }
    if (kind === 'ask' && !this.#isAsking) this.#askAfter(FOLLOW_UP_MILLISECONDS);
    if (kind === 'ask' || kind === 'reconnect') return;
    const isForOther = 'tab' in message && message.tab !== this.#tab;
    // The leader is there.
    this.#isHeard = true;
    if (!this.#isAsking) this.#rest();
    if (isForOther) return;
    if (kind === 'state' && this.#isAsking) {
      // A leader that is new has not heard the question. Its answer has the state, too.
      return this.#ask();
    }
    if (kind !== 'events') this.#follow(message.state);
    if (kind === 'state') return;
    if (kind === 'wait') this.#askAfter(QUIET_MILLISECONDS);
    else this.#take(message, kind === 'answer', kind === 'answer' ? message.asked : undefined);
  }

  /** Takes what this tab lacks of the leader's events. */
  #take({ after, last, events }: Omit<EventsMessage, 'kind'>, isAnswer: boolean, asked: string | undefined): void {
    const recent = this.#recent;
    const following = recent?.following(events, after, last);
    if (following) {
      this.#rest();
      recent!.add(following, recent!.countAfter(last) < 0 ? last : recent!.last);
    } else if (!recent && (isAnswer || after === undefined)) {
      this.#rest();
      // An answer says where this tab begins, and so do the first events of all.
      if (isAnswer) this.#begin(last);
      else this.#begin(events[0]?.lastEventId ?? last).add(events, last);
    } else if (!isAnswer) {
      if (!this.#isAsking || after === undefined) this.#ask();
    } else if (asked === recent!.last) {
      // An answer to an earlier question may come late, and from an earlier leader.
      this.#rest();
      recent!.add([gapOf('expired', asked, after!), ...events], last);
    }
  }

  /** @param waited The state since which the leader has waited. */
  #answer(tab: string, after: string | undefined, waited?: SentState): void {
    const recent = this.#recent;
    const state = this.#state;
    const isHere = after === undefined || after === recent?.last;
    const count = recent ? (isHere ? recent.count : recent.countAfter(after)) : -1;
    if (recent && (count >= 0 || (state === waited && state.state === 'open'))) {
      const { first, last } = recent;
      const from = recent.has(count) ? (after ?? last) : first;
      return this.#send({ kind: 'answer', tab, asked: after, after: from, last, events: recent.from(count), state });
    }
    // What the tab has may be on its way to this one.
    this.#send({ kind: 'wait', tab, state });
    if (!recent || state.state !== 'open') return;
    const raw = this.#raw;
    setTimeout(() => void (raw === this.#raw && this.#answer(tab, after, state)), CATCH_UP_MILLISECONDS);
  }

  /** The state of the leader is that of this tab. */
  #follow({ state, delayMilliseconds }: SentState): void {
    if (state === this.#state.state && state !== 'waiting') return;
    this.#state = { state, delayMilliseconds };
    if (state === 'waiting') this.#changed({ state, delayMilliseconds });
    else if (state === 'open') this.#changed({ state, status: 200, headers: new Headers() });
    else this.#changed({ state, attempt: { retries: 0, lastEventId: this.lastEventId, refused: undefined } });
  }
}

// Feed: takes a channel's messages from its backend into a core of this process, from which the
// clients are served. The backend is read once for all of them.

import { parseEventId, printEventId } from '../model/event-id.js';
import type { Sent } from '../model/message.js';
import { setQuietTimeout } from '../util/timers.js';
import type { StreamSettings } from '../wasm/core.js';
import type { Appended, Backend, BackendChannel, FormerEpoch, MaybePromise, StoredPart } from './contract.js';
import { StoredCore } from './stored-core.js';
import { toSent } from './stored-message.js';

/** A message of this process that was stored. */
export interface Own {
  sent: Sent;
  except: string | undefined;
}

/** What the feed tells its channel. */
export interface FeedHost {
  /** Serves the clients from another core. */
  replace(core: StoredCore): void;
  /** The channel was closed, here or in another process. */
  closed(): void;
  /** The backend could not be read. The next change reads it again. */
  failed(error: unknown): void;
}

/** The most ids that a process has looked for, and whose clients it waits for. */
const MOST_LOOKED_FOR = 10_000;

/** When a backend is read again that has failed. */
const AGAIN_MILLISECONDS = 1000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export class Feed {
  readonly #settings: StreamSettings;
  #backend!: BackendChannel;
  #host: FeedHost | undefined;
  /** The core that is fed. It serves the clients when it has everything that there was. */
  #core: StoredCore | undefined;
  #isServing = false;
  #epoch: string | undefined;
  #former: readonly FormerEpoch[] = [];
  #newest = 0;
  #isClosed = false;
  /** When the newest message was sent, by `performance.now()`. */
  #newestAt = -Infinity;
  #pulling: Promise<void> | undefined;
  #isChanged = false;
  /** Event ids that were not here, and for which the backend was read since. */
  readonly #lookedFor = new Set<string>();

  constructor(settings: StreamSettings) {
    this.#settings = settings;
  }

  /** Reads what is stored. */
  async open(backend: Backend, name: string): Promise<BackendChannel> {
    this.#backend = await backend.open(name, this.#settings.history, () => this.#changed());
    await this.pull();
    return this.#backend;
  }

  /** Begins to serve. */
  serve(host: FeedHost): void {
    this.#host = host;
  }

  get core(): StoredCore {
    return this.#core!;
  }

  /** Takes what the backend has. */
  pull(): Promise<void> {
    this.#isChanged = true;
    return (this.#pulling ??= this.#pull());
  }

  /** Takes messages that this process has stored, without reading them back if it can. */
  async own({ epoch, last }: Appended, messages: readonly Own[]): Promise<void> {
    if (epoch !== this.#epoch || last - messages.length !== this.#newest || !this.#isServing)
      return this.pull().catch((error: unknown) => this.#failed(error));
    for (const { sent, except } of messages) {
      // What a listener calls as it leaves may have taken the rest already.
      if (this.#newest >= last || this.#isClosed) break;
      this.#newest++;
      this.#send(sent, except, performance.now());
    }
  }

  /**
   * Returns an event id as one of the current epoch if it is of a former one. An id that is not
   * known here may be newer than what this process has read: the backend is read if it answers at
   * once.
   */
  readonly current = (lastEventId: string): string => {
    if (!this.#knows(lastEventId)) this.#takeNow();
    const { epoch, broadcast } = parseEventId(lastEventId);
    const former = this.#former.find((one) => one.epoch === epoch);
    return former && broadcast <= former.last ? printEventId(this.#epoch!, broadcast) : lastEventId;
  };

  /**
   * Whether the client of an event id has to reconnect later, because the backend has to be asked
   * first and does not answer at once.
   */
  isLater(lastEventId: string): boolean {
    if (this.#knows(lastEventId) || this.#takeNow() || this.#lookedFor.delete(lastEventId)) return false;
    const found = (): void => {
      if (this.#lookedFor.size >= MOST_LOOKED_FOR) this.#lookedFor.clear();
      this.#lookedFor.add(lastEventId);
    };
    this.pull().then(found, (error: unknown) => this.#failed(error));
    return true;
  }

  /** Takes no more. */
  stop(): void {
    this.#isClosed = true;
  }

  #knows(lastEventId: string): boolean {
    const { epoch, broadcast } = parseEventId(lastEventId);
    if (epoch === this.#epoch) return !(broadcast > this.#newest);
    return this.#former.some((one) => one.epoch === epoch);
  }

  #changed(): void {
    this.pull().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#host?.failed(error);
    setQuietTimeout(() => this.#changed(), AGAIN_MILLISECONDS);
  }

  async #pull(): Promise<void> {
    // So that it never ends before `#pulling` is set.
    await undefined;
    try {
      while (this.#isChanged && !this.#isClosed) {
        this.#isChanged = false;
        const part = this.#backend.read(this.#from());
        // What came at once is taken at once: a client's call may read the next part meanwhile.
        if (this.#take(part instanceof Promise ? await part : part)) continue;
        this.#isChanged = true;
        // A client that reads all the time has room for the messages of one part.
        await pause();
      }
    } finally {
      this.#pulling = undefined;
    }
  }

  /** Takes what the backend has if it answers at once. Returns whether it does. */
  #takeNow(): boolean {
    try {
      while (!this.#isClosed) {
        const part: MaybePromise<StoredPart> = this.#backend.read(this.#from());
        if (part instanceof Promise) {
          part.catch(() => {});
          return false;
        }
        if (this.#take(part)) break;
      }
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #from(): number {
    return this.#core ? this.#newest : 0;
  }

  /** Takes a part. Returns whether it was the last one. */
  #take({ epoch, former, newest, closed, messages }: StoredPart): boolean {
    // An answer from before another one that was faster.
    if (this.#isClosed || this.#former.some((one) => one.epoch === epoch)) return true;
    const next = messages[0]?.number ?? newest + 1;
    if (epoch !== this.#epoch && this.#core) return this.#beginAgain();
    if (!this.#core) {
      this.#epoch = epoch;
      this.#former = former;
      this.#newest = next - 1;
      this.#newestAt = -Infinity;
      // Dispatches have numbers of broadcasts here.
      const life = { epoch, sequence: this.#newest, dispatched: 0 };
      this.#core = new StoredCore(this.#settings, life, this.current);
      this.#isServing = false;
    }
    const now = [performance.now(), Date.now()] as const;
    for (const message of messages) {
      if (message.number <= this.#newest) continue;
      // The history has passed this process.
      if (message.number > this.#newest + 1) return this.#beginAgain();
      this.#newest = message.number;
      this.#send(toSent(message), message.except ?? undefined, now[0] - Math.max(0, now[1] - message.at));
    }
    if (this.#newest < newest && messages.length > 0) return false;
    if (!this.#isServing) {
      this.#isServing = true;
      this.#host?.replace(this.#core);
    }
    if (closed) {
      this.#isClosed = true;
      this.#host?.closed();
    }
    return true;
  }

  /** The messages that follow cannot follow those that the core has: another core gets them all. */
  #beginAgain(): boolean {
    this.#core = undefined;
    this.#epoch = undefined;
    this.#former = [];
    return false;
  }

  #send(sent: Sent, except: string | undefined, at: number): void {
    // If the clock was set back, a message is still not older than the one before it.
    this.#newestAt = Math.max(at, this.#newestAt);
    this.#core!.broadcast(sent, except, this.#newestAt);
  }
}

// The cases that every backend must pass: the rules of the contract, for a runner of the user's.

import type { Appended, Backend, BackendChannel, NewMessage, StoredHistory } from '../contract.js';
import { all, check, equal, numbers, once, texts } from './checks.js';

/** An empty store, for one case. */
export interface BackendUnderTest {
  /** Returns a backend over the store, as another process has it. */
  connect(): Backend | Promise<Backend>;
  /** Ends all backends as a crash does. What they have stored stays. */
  crash?(): void | Promise<void>;
  /**
   * Copies the store. The function that it returns puts the copy in the place of the store, after a
   * crash.
   */
  copy?(): (() => void | Promise<void>) | Promise<() => void | Promise<void>>;
}

export interface BackendCase {
  /** What the case shows, as a sentence. */
  name: string;
  /** Fails with an `Error` that says what is wrong. */
  run(): Promise<void>;
}

const HISTORY: StoredHistory = { messages: 1000, bytes: 1_000_000, seconds: 300 };

const message = (data: string | null, more?: Partial<NewMessage>): NewMessage => ({
  type: 'n',
  data,
  json: false,
  except: null,
  bytes: 300,
  ...more,
});

const named = (from: number, to: number): NewMessage[] =>
  Array.from({ length: to - from + 1 }, (_, at) => message(String(from + at)));

interface Opened extends BackendChannel {
  /** How often `changed` was called. */
  readonly changes: number;
}

async function opened(backend: Backend | Promise<Backend>, name = 'a', history = HISTORY): Promise<Opened> {
  let changes = 0;
  const channel = await (await backend).open(name, history, () => void changes++);
  return Object.defineProperty(channel, 'changes', { get: () => changes }) as Opened;
}

const CASES: Record<string, (store: BackendUnderTest) => Promise<void>> = {
  async 'a new channel has an epoch, and no message'({ connect }) {
    const { epoch, former, newest, closed, messages } = await (await opened(connect())).read(0);
    check(/^[\w]{1,32}$/.test(epoch), `the epoch ${epoch} is of 1 to 32 letters and digits`);
    equal([former, newest, closed, messages], [[], 0, false, []]);
  },

  async 'messages are numbered from 1 without a hole, in the order of the call'({ connect }) {
    const channel = await opened(connect());
    const { epoch } = await channel.read(0);
    equal(await channel.append(named(1, 1), 1), { epoch, last: 1 });
    equal(await channel.append(named(2, 5), 2), { epoch, last: 5 });
    const messages = await all(channel);
    equal(numbers(messages), [1, 2, 3, 4, 5]);
    equal(texts(messages), ['1', '2', '3', '4', '5']);
    equal(numbers(await all(channel, 3)), [4, 5]);
    equal(await all(channel, 5), []);
  },

  async 'every field is read as it was stored'({ connect }) {
    const channel = await opened(connect());
    const given = [
      message(null),
      message(''),
      message('{"a":1}', { json: true, type: 'price' }),
      message('two\nlines, a \0 and a \u{1f600}', { type: "it's" }),
      message('x', { except: 'one\ntwo', bytes: 12_345 }),
      message('x', { except: '\nonly' }),
    ];
    const before = Date.now();
    await channel.append(given, 1);
    for (const [at, { number, at: time, ...read }] of (await all(channel)).entries()) {
      equal(read, given[at]);
      check(time >= before - 60_000 && time <= Date.now() + 60_000, `message ${number} has the time of its storing`);
    }
  },

  async 'processes share one numbering and one epoch'({ connect }) {
    const [one, other] = [await opened(connect()), await opened(connect())];
    const answers: (Appended | 'closed')[] = [];
    for (let turn = 1; turn <= 5; turn++) {
      answers.push(await one.append([message('one')], turn));
      answers.push(await other.append([message('other'), message('other')], turn));
    }
    const { epoch } = await one.read(0);
    const of = (answer: Appended | 'closed') => answer !== 'closed' && answer.epoch === epoch && answer.last;
    equal(answers.map(of), [1, 3, 4, 6, 7, 9, 10, 12, 13, 15]);
    equal(await all(one), await all(other));
  },

  async 'another process is told of a change'({ connect }) {
    const [one, other] = [await opened(connect()), await opened(connect())];
    const before = other.changes;
    await one.append(named(1, 1), 1);
    await once(() => other.changes > before, 'the other process is told of a message');
    equal(numbers(await all(other)), [1]);
    const then = other.changes;
    await one.end();
    await once(() => other.changes > then, 'the other process is told of the end');
  },

  async 'a handle of the same process is told of a change'({ connect }) {
    const backend = await connect();
    const [one, other] = [await opened(backend), await opened(backend)];
    const before = other.changes;
    await one.append(named(1, 1), 1);
    await once(() => other.changes > before, 'the other handle is told');
  },

  async 'a repeated call stores nothing, and answers the same'({ connect }) {
    const [one, other] = [await opened(connect()), await opened(connect())];
    const answer = await one.append(named(1, 3), 7);
    await other.append(named(4, 4), 7);
    equal(await one.append(named(1, 3), 7), answer);
    await one.append(named(5, 5), 8);
    equal(texts(await all(other)), ['1', '2', '3', '4', '5']);
  },

  async 'a history keeps its newest messages, by their number'({ connect }) {
    const channel = await opened(connect(), 'a', { ...HISTORY, messages: 3 });
    await channel.append(named(1, 2), 1);
    await channel.append(named(3, 10), 2);
    equal(numbers(await all(channel)), [8, 9, 10]);
    equal(numbers(await all(channel, 1)), [8, 9, 10]);
  },

  async 'a history keeps its newest messages, by their weight'({ connect }) {
    const channel = await opened(connect(), 'a', { ...HISTORY, bytes: 1000 });
    await channel.append(named(1, 9), 1);
    equal(numbers(await all(channel)), [7, 8, 9]);
    await channel.append([message('heavy', { bytes: 5000 })], 2);
    equal(numbers(await all(channel)), [10]);
    await channel.append(named(11, 12), 3);
    equal(numbers(await all(channel)), [11, 12]);
  },

  async 'a history keeps its newest messages, by their age'({ connect }) {
    const channel = await opened(connect(), 'a', { ...HISTORY, seconds: 0.3 });
    await channel.append(named(1, 3), 1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await channel.append(named(4, 4), 2);
    equal(numbers(await all(channel)), [4]);
  },

  async 'a long history is read in parts'({ connect }) {
    const channel = await opened(connect(), 'a', { messages: 5000, bytes: Infinity, seconds: Infinity });
    for (let turn = 0; turn < 3; turn++) await channel.append(named(turn * 700 + 1, turn * 700 + 700), turn + 1);
    equal(
      texts(await all(channel)),
      named(1, 2100).map(({ data }) => data),
    );
    check((await channel.read(0)).messages.length < 2100, 'a part is bounded');
  },

  async 'channels of other names have nothing of it'({ connect }) {
    const backend = await connect();
    for (const name of ['A', 'a:b', "a'b", 'a%', 'a*', '\u{1f600}', 'x'.repeat(200)]) {
      const channel = await opened(backend, name);
      await channel.append([message(name)], 1);
      equal(texts(await all(channel)), [name]);
    }
    equal(await all(await opened(backend)), []);
  },

  async 'a closed channel refuses messages in every process, and is readable'({ connect }) {
    const [one, other] = [await opened(connect()), await opened(connect())];
    await one.append(named(1, 2), 1);
    await one.end();
    await other.end();
    for (const channel of [one, other]) {
      equal(await channel.append(named(3, 3), 2), 'closed');
      const { closed, newest } = await channel.read(0);
      equal([closed, newest, numbers(await all(channel))], [true, 2, [1, 2]]);
    }
  },

  async 'a closed channel that is opened begins anew'({ connect }) {
    const backend = await connect();
    const former = await opened(backend);
    await former.append(named(1, 2), 1);
    const { epoch } = await former.read(0);
    await former.end();
    former.release();
    const channel = await opened(backend);
    const part = await channel.read(0);
    check(part.epoch !== epoch, 'its epoch is another one');
    equal([part.former, part.newest, part.closed, part.messages], [[], 0, false, []]);
    equal(await channel.append(named(1, 1), 1), { epoch: part.epoch, last: 1 });
  },

  async 'a handle that is released is told nothing, and the others go on'({ connect }) {
    const [one, other, third] = [await opened(connect()), await opened(connect()), await opened(connect())];
    await one.append(named(1, 1), 1);
    await once(() => other.changes > 0, 'the second handle is told');
    other.release();
    const { changes } = other;
    const before = third.changes;
    await one.append(named(2, 2), 2);
    await once(() => third.changes > before, 'the third handle is told');
    equal(other.changes, changes);
  },

  async 'messages of processes that append at once are all stored, once'({ connect }) {
    const channels = [await opened(connect()), await opened(connect()), await opened(connect())];
    const sends = channels.map(async (channel, who) => {
      for (let turn = 1; turn <= 20; turn++) await channel.append([message(`${who}:${turn}`)], turn);
    });
    await Promise.all(sends);
    const messages = await all(channels[0]!);
    equal(
      numbers(messages),
      named(1, 60).map(({ data }) => Number(data)),
    );
    for (const who of [0, 1, 2])
      equal(
        texts(messages).filter((text) => text?.startsWith(`${who}:`)),
        named(1, 20).map(({ data }) => `${who}:${data}`),
      );
  },
};

const CRASHES: typeof CASES = {
  async 'a channel goes on after a crash, and ids of before stay valid'({ connect, crash }) {
    const before = await opened(connect());
    const { epoch } = await before.read(0);
    await before.append(named(1, 3), 1);
    await crash!();
    const channel = await opened(connect());
    const part = await channel.read(0);
    equal([part.newest, texts(part.messages)], [3, ['1', '2', '3']]);
    const isValid = part.epoch === epoch || part.former.some((one) => one.epoch === epoch && one.last === 3);
    check(isValid, 'the epoch of before is the same, or a former one up to 3');
    equal(await channel.append(named(4, 4), 1), { epoch: part.epoch, last: 4 });
  },

  async 'a process that runs goes on when another one starts'({ connect }) {
    const one = await opened(connect());
    const { epoch } = await one.read(0);
    const other = await opened(connect());
    equal((await other.read(0)).epoch, epoch);
    await one.append(named(1, 1), 1);
    equal((await one.read(0)).epoch, epoch);
  },
};

const COPIES: typeof CASES = {
  async 'ids of messages that a restored copy lacks are not valid any more'({ connect, crash, copy }) {
    const before = await opened(connect());
    const { epoch } = await before.read(0);
    await before.append(named(1, 3), 1);
    const restore = await copy!();
    await before.append(named(4, 9), 2);
    await crash!();
    await restore();
    const channel = await opened(connect());
    const part = await channel.read(0);
    check(part.epoch !== epoch, 'its epoch is another one');
    equal(part.newest, 3);
    equal(
      part.former.filter((one) => one.epoch === epoch),
      [{ epoch, last: 3 }],
    );
  },
};

/**
 * Returns the cases, for any runner: those of crashes and of restored copies if the store has
 * `crash` and `copy`.
 *
 * @param fresh Makes an empty store. It is called for each case, and each connection is closed by
 * the caller after the case.
 * @param can Whether the stores have `crash` and `copy`; neither by default.
 *
 * @example
 * for (const { name, run } of backendCases(() => myStore())) test(name, run);
 */
export function backendCases(
  fresh: () => BackendUnderTest | Promise<BackendUnderTest>,
  can: { crash?: boolean; copy?: boolean } = {},
): BackendCase[] {
  const cases = { ...CASES, ...(can.crash ? CRASHES : {}), ...(can.crash && can.copy ? COPIES : {}) };
  return Object.entries(cases).map(([name, run]) => ({ name, run: async () => run(await fresh()) }));
}

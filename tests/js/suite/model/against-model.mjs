// Random sequences of everything that a channel can do, compared with the plain model after every
// step.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import { assert, settle, stillWaits } from '../lib/support.mjs';
import { HISTORY, Model } from './model.mjs';

const SEQUENCES = 400;
/** The number of sequences in one test, so that the count of tests stays meaningful. */
const PER_TEST = 20;
const STEPS = 60;

export default function register(eric, test) {
  for (let first = 1; first <= SEQUENCES; first += PER_TEST) {
    test(`random sequences with the seeds ${first} to ${first + PER_TEST - 1} end as the plain model says`, async () => {
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const run = new Run(eric, seed);
        try {
          await run.all();
        } catch (error) {
          error.message = `seed ${seed}, after [${run.log.join('; ')}]: ${error.message}`;
          throw error;
        }
      }
    });
  }
}

/** One sequence: the real thing and the model side by side. */
class Run {
  model = new Model();
  /** @type {{ real: any, model: import('./model.mjs').ModelListener, name: string }[]} listeners, also removed ones */
  listeners = [];
  /** @type {any[]} streams and bodies */
  readers = [];
  /** The result of each call of next(), and the expected one. @type {{ name: string, real?: any, model?: any }[]} */
  answers = [];
  log = [];
  sent = 0;
  reported = 0;

  constructor(eric, seed) {
    this.eric = eric;
    this.random = new Random(seed);
    this.channel = new eric.SSEChannel({ history: { messages: HISTORY } });
  }

  async all() {
    const closesAt = this.random.chance(60) ? STEPS - 10 : STEPS;
    this.add();
    for (let step = 0; step < STEPS; step++) {
      if (step === closesAt) this.close();
      // Several steps may share one turn, hence nothing is awaited that need not be.
      const later = this.step();
      if (later) await later;
      if (this.random.chance(60)) await this.check();
    }
    await this.check();
    for (const reader of this.readers) this.end(reader);
    await this.check();
  }

  /** @returns {Promise<void> | void} */
  step() {
    const { random } = this;
    const act = random.below(100);
    const listener = random.pick(this.listeners);
    const reader = this.readers.length > 0 ? random.pick(this.readers) : undefined;
    if (act < 8) return this.add();
    if (act < 12) return this.remove(listener);
    if (act < 22) return this.start(listener);
    if (act < 26) return this.stop(listener);
    if (act < 40) return this.broadcast();
    if (act < 52) return this.dispatch(listener);
    if (act < 62) return this.deliverNext(listener);
    if (act < 67) return this.open(listener);
    if (act < 71) return this.watch();
    if (act < 75) return this.respond();
    if (reader === undefined) return;
    if (act < 96) return this.next(reader);
    return this.end(reader);
  }

  note(what) {
    this.log.push(what);
  }

  makeListener() {
    const validates = this.random.chance(30);
    const refuse = ({ payload }) => {
      if (payload % 5 === 0) throw new Error('refused');
    };
    return {
      validates,
      real: new this.eric.MessageQueueListener(validates ? { onMessage: refuse } : {}),
      ...this.registration(),
    };
  }

  /** A bound, or where to go on, or neither: what is replayed is not bounded. */
  registration() {
    if (this.random.chance(30)) {
      const bound = {
        most: 1 + this.random.below(4),
        overflow: this.random.pick(['drop-oldest', 'disconnect', 'refuse']),
      };
      return { bound, options: { queue: { messages: bound.most, overflow: bound.overflow } } };
    }
    if (this.random.chance(70)) return { options: {} };
    const after = this.random.below(this.model.broadcasts.length + 2);
    return { after, options: { lastEventId: this.channel.lastEventId.replace(/-.*/, `-${after}`) } };
  }

  /** Registers a pair of listeners with the model, once the real channel has taken its own. */
  adopt({ real, validates, bound, after, options }) {
    const pair = {
      real,
      model: this.model.add(validates, bound, after),
      name: `L${this.listeners.length}${validates ? ' (validating)' : ''}`,
    };
    this.listeners.push(pair);
    this.note(`${pair.name} with ${JSON.stringify(options)}`);
    return pair;
  }

  /** Does something that a closed channel refuses. @returns {boolean} whether it was done */
  unlessClosed(act) {
    if (!this.model.closed) {
      act();
      return true;
    }
    assert.throws(act, this.eric.InvalidChannelException);
    return false;
  }

  /** Does something that needs a registered listener. */
  ifRegistered(listener, act) {
    if (listener.model.registered) return act();
    assert.throws(act, this.eric.InvalidListenerException);
    return undefined;
  }

  add() {
    const made = this.makeListener();
    this.note('add');
    if (this.unlessClosed(() => this.channel.registerListener(made.real, made.options))) this.adopt(made);
  }

  remove(listener) {
    this.note(`remove ${listener.name}`);
    this.ifRegistered(listener, () => this.channel.removeListener(listener.real.id));
    if (listener.model.registered) this.model.remove(listener.model);
  }

  start(listener) {
    this.note(`start ${listener.name}`);
    listener.real.startSync();
    this.model.start(listener.model);
  }

  stop(listener) {
    this.note(`stop ${listener.name}`);
    listener.real.stopSync();
    this.model.stop(listener.model);
  }

  message() {
    const payload = ++this.sent;
    return { real: { type: 'n', payload }, model: { payload, refused: payload % 5 === 0 } };
  }

  broadcast() {
    const message = this.message();
    const except = this.random.chance(25) ? this.listeners.filter(() => this.random.chance(40)) : [];
    this.note(`broadcast ${this.sent} except [${except.map(({ name }) => name)}]`);
    const send = () => this.channel.broadcast(message.real, { except: except.map(({ real }) => real) });
    if (this.model.closed) assert.throws(send, this.eric.InvalidChannelException);
    else
      this.unlessFull(
        send,
        this.model.broadcast(
          message.model,
          except.map(({ model }) => model),
        ),
      );
  }

  /** Does something that some refuse. @param {() => void} send @param {import('./model.mjs').ModelListener[]} refusing */
  unlessFull(send, refusing) {
    if (refusing.length === 0) return send();
    const { error } = attempt(send);
    assert.instanceOf(error, this.eric.QueueFullException);
    const names = this.listeners.filter(({ model }) => refusing.includes(model)).map(({ real }) => real.id);
    assert.sameMembers([...error.listeners], names);
  }

  dispatch(listener) {
    const message = this.message();
    this.note(`dispatch ${this.sent} to ${listener.name}`);
    const act = () => this.channel.dispatch(listener.real.id, message.real);
    if (!listener.model.registered) assert.throws(act, this.eric.InvalidListenerException);
    else if (this.model.closed) assert.throws(act, this.eric.InvalidChannelException);
    else this.unlessFull(act, this.model.dispatch(listener.model, message.model));
  }

  deliverNext(listener) {
    this.note(`deliverNext ${listener.name}`);
    this.ifRegistered(listener, () => {
      const { payload, error } = attempt(() => this.channel.deliverNext(listener.real.id));
      if (!listener.model.registered) throw error;
      const expected = this.model.deliverNext(listener.model);
      if (expected === 'refused') assert.strictEqual(error?.message, 'refused');
      else if (typeof expected === 'string') assert.strictEqual(error?.reason, expected);
      else assert.strictEqual(payload, expected, String(error));
    });
  }

  onError = ({ message }) => {
    assert.strictEqual(message, 'refused');
    this.reported++;
  };

  open(listener) {
    // One reader for a listener at a time, and none for a stopped one, whose first read would end
    // it.
    if (this.readers.some((reader) => reader.listener === listener && !reader.model.ended) || !listener.model.running)
      return;
    this.note(`open a stream for ${listener.name}`);
    const real = this.ifRegistered(listener, () =>
      this.channel.messageStream(listener.real, { onError: this.onError }),
    );
    if (real)
      this.readers.push({
        name: `S${this.readers.length}`,
        listener,
        real,
        model: this.model.open(listener.model, false),
      });
  }

  watch() {
    const made = this.makeListener();
    let real;
    this.note('watch');
    if (
      this.unlessClosed(
        () => (real = this.channel.watch({ ...made.options, listener: made.real, onError: this.onError })),
      )
    )
      this.adoptReader('W', real, made);
  }

  respond() {
    const made = this.makeListener();
    let response;
    this.note('response');
    if (
      this.unlessClosed(
        () => (response = this.channel.response(null, { ...made.options, listener: made.real, onError: this.onError })),
      )
    ) {
      this.adoptReader('B', undefined, made).body = new BodyReader(response);
    }
  }

  adoptReader(letter, real, made) {
    const listener = this.adopt(made);
    this.model.start(listener.model);
    const reader = {
      name: `${letter}${this.readers.length}`,
      listener,
      real,
      model: this.model.open(listener.model, true),
    };
    this.readers.push(reader);
    this.note(`that is ${reader.name} for ${listener.name}`);
    return reader;
  }

  next(reader) {
    if (reader.body) return this.read(reader);
    this.note(`next of ${reader.name}`);
    const answer = { name: `answer ${this.answers.length} of ${reader.name}` };
    this.answers.push(answer);
    void reader.real.next().then(({ done, value }) => {
      answer.real = done ? { kind: 'end' } : answerOf(value.event, value.data);
    });
    this.model.next(reader.model, (expected) => (answer.model = expected));
  }

  /**
   * A body is read in a turn of its own: when it looks is the business of the runtime's streams.
   */
  async read(reader) {
    await this.check();
    if (reader.pending) return;
    const { body, model } = reader;
    const before = body.decoder.events.length;
    const expected = this.model.takeAll(model);
    const isFirst = body.chunks.length === 0;
    this.note(`read ${reader.name}`);
    const read = body.read();
    if (expected.length === 0 && !model.ended && !isFirst) {
      // There is nothing to read: take it back by ending the body, which is one more way to end.
      await stillWaits(read);
      await body.cancel();
      this.model.end(model);
      return;
    }
    await read;
    // A chunk that is shared ends ahead of what is not for everybody: the rest is ready as well.
    while (body.decoder.events.length - before < expected.length) await body.chunk();
    const events = body.decoder.events.slice(before).map(({ type, data }) => answerOf(type, data && JSON.parse(data)));
    assert.deepEqual(events, expected, `all that is ready for ${reader.name}`);
    // The end itself is another read.
    if (model.ended && !body.ended) await body.read();
    assert.strictEqual(body.ended, model.ended, `the end of ${reader.name}`);
  }

  end(reader) {
    this.note(`end ${reader.name}`);
    this.model.end(reader.model);
    void (reader.body ? reader.body.cancel() : reader.real.return());
  }

  close() {
    this.note('close');
    this.channel.close();
    this.model.close();
  }

  async check() {
    await settle();
    this.model.settle();
    this.note('settle');
    for (const { name, real, model } of this.answers) assert.deepEqual(real, model, name);
    this.answers = this.answers.filter(({ real }) => real === undefined);
    assert.deepEqual(
      this.channel.listeners(),
      this.listeners
        .filter(({ model }) => model.registered)
        .map(({ real }) => real)
        .sort(this.byModel),
      'the listeners',
    );
    for (const { real, model, name } of this.listeners)
      assert.strictEqual(real.isRunningSync(), model.running, `${name} runs`);
    assert.strictEqual(this.reported, this.model.reported, 'reports');
  }

  byModel = (a, b) => this.order(a) - this.order(b);
  order = (real) => this.model.listeners.indexOf(this.listeners.find((pair) => pair.real === real).model);
}

/** @param {string} event @param {any} data */
function answerOf(event, data) {
  if (event === '_eric_channel_closed') return { kind: 'closed' };
  return event === '_eric_gap' ? { kind: 'gap', missed: data.missed } : { kind: 'item', payload: data };
}

/** @param {() => any} act */
function attempt(act) {
  try {
    return { payload: act()?.payload };
  } catch (error) {
    return { error };
  }
}

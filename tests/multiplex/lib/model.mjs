// A plain model of channels and of one client that reads several of them. It knows nothing of the
// package except what an event looks like.

import assert from 'node:assert/strict';
import { EventStreamDecoder } from 'eric-sse/client';

/** One channel in the model: its lives, the last of which may be closed. */
export class ModelChannel {
  /** @param {number} kept how many messages a channel's history keeps */
  constructor(kept) {
    this.kept = kept;
    /** @type {{ epoch: string, sent: number[] }[]} */
    this.lives = [];
    this.isOpen = false;
  }

  /** @param {string} epoch */
  open(epoch) {
    this.lives.push({ epoch, sent: [] });
    this.isOpen = true;
  }

  get life() {
    return this.lives.at(-1);
  }

  /** How many messages the history has lost. */
  get lost() {
    return Math.max(0, this.life.sent.length - this.kept);
  }

  get position() {
    return `${this.life.epoch}-${this.life.sent.length}`;
  }

  /** Returns the gap that a client with this position receives, if any. */
  gapAfter(position) {
    const [epoch, number] = position.split('-');
    if (epoch !== this.life.epoch) return { reason: 'epoch', from: position, to: `${this.life.epoch}-${this.lost}` };
    const missed = this.lost - Number(number);
    if (missed > 0) return { reason: 'expired', missed, from: position, to: `${epoch}-${this.lost}` };
    return undefined;
  }
}

/** Reads the parts of a combined id: the name of the event's channel, and the positions. */
export function readId(id) {
  const parts = id.split(',').map((part) => part.split('@').map(decodeURIComponent));
  return { name: parts[0][0], positions: new Map(parts.filter(([, position]) => position !== '')) };
}

/** A client that checks each event when it comes. */
export class ModelClient {
  /** @param {Map<string, ModelChannel>} channels */
  constructor(channels) {
    this.channels = channels;
    /** The position that the client has at each channel. @type {Map<string, string>} */
    this.positions = new Map();
    this.lastEventId = '';
    this.counts = { messages: 0, gaps: 0, closings: 0 };
  }

  /** A response to a request for these channels has begun. @param {string[]} names */
  begin(names) {
    this.names = names;
    this.decoder = new EventStreamDecoder({ lastEventId: this.lastEventId });
    this.hasId = false;
    /** The first event of each channel: a gap, the closing, or a message. */
    this.expected = new Map();
    this.starts = new Map();
    /** The life of each channel that the response reads: one opened anew is another. */
    this.lives = new Map();
    for (const name of names) {
      const channel = this.channels.get(name);
      this.lives.set(name, channel.life);
      const claimed = this.positions.get(name);
      if (!channel.isOpen) this.expected.set(name, 'closed');
      else if (claimed !== undefined) this.expected.set(name, channel.gapAfter(claimed));
      else this.starts.set(name, channel.position);
    }
  }

  /** @param {Uint8Array} bytes */
  push(bytes) {
    for (const event of this.decoder.push(bytes)) this.#check(event);
    this.lastEventId = this.decoder.lastEventId;
  }

  /** Asserts that nothing is missing of the channels that are open. */
  checkComplete() {
    for (const name of this.names) {
      const channel = this.channels.get(name);
      if (channel.isOpen) assert.equal(this.positions.get(name), channel.position, name);
    }
  }

  #check({ type, data, lastEventId }) {
    const { name, positions } = readId(lastEventId);
    assert.ok(this.names.includes(name), `${name} is not one of ${this.names}`);
    if (!this.hasId) {
      this.hasId = true;
      // Channels that were dropped are forgotten; new ones start at the newest message.
      for (const dropped of this.positions.keys()) if (!this.names.includes(dropped)) this.positions.delete(dropped);
      for (const [started, position] of this.starts) this.positions.set(started, position);
    }
    if (type === '_eric_position') return assert.deepEqual(sorted(positions), sorted(this.positions));
    const [channel, life] = [this.channels.get(name), this.lives.get(name)];
    const expected = this.expected.get(name);
    this.expected.delete(name);
    if (type === '_eric_channel_closed') {
      this.counts.closings++;
      if (expected !== 'closed') assert.equal(this.positions.get(name), `${life.epoch}-${life.sent.length}`);
      assert.ok(life !== channel.life || !channel.isOpen, `${name} is open`);
    } else if (type === '_eric_gap') {
      this.counts.gaps++;
      assert.deepEqual(JSON.parse(data), expected);
      this.positions.set(name, expected.to);
    } else {
      this.counts.messages++;
      assert.equal(expected, undefined, `${name} has sent a message before ${JSON.stringify(expected)}`);
      const [epoch, number] = this.positions.get(name).split('-');
      assert.equal(epoch, life.epoch);
      assert.equal(Number(data), life.sent[number]);
      this.positions.set(name, `${epoch}-${Number(number) + 1}`);
    }
    assert.deepEqual(sorted(positions), sorted(this.positions));
  }
}

const sorted = (map) => [...map].sort();

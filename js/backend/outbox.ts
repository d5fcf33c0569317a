// Outbox: the messages of one turn are stored by one call, one call after another.

import { InvalidChannelException } from '../model/errors.js';
import { printEventId } from '../model/event-id.js';
import type { Appended, BackendChannel, NewMessage } from './contract.js';
import { BackendException } from './exceptions.js';
import type { Own } from './feed.js';

interface Waiting extends Own {
  stored: NewMessage;
  resolve(id: string): void;
  reject(error: unknown): void;
}

/** A client that reads all the time has room for the messages of one call. */
const MOST_MESSAGES = 256;
const FIRST_PAUSE_MILLISECONDS = 10;
const LONGEST_PAUSE_MILLISECONDS = 1000;

export class Outbox {
  readonly #backend: BackendChannel;
  readonly #waitMilliseconds: number;
  readonly #deliver: (appended: Appended, messages: readonly Own[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #turn = 0;
  #refusal: string | undefined;

  /** @param deliver Delivers messages that are stored. */
  constructor(
    backend: BackendChannel,
    waitMilliseconds: number,
    deliver: (appended: Appended, messages: readonly Own[]) => Promise<void>,
  ) {
    this.#backend = backend;
    this.#waitMilliseconds = waitMilliseconds;
    this.#deliver = deliver;
  }

  /**
   * Stores a message, and delivers it. Returns its event id.
   *
   * @throws {InvalidChannelException | BackendException} if it was refused.
   */
  send(own: Own, stored: NewMessage): Promise<string> {
    if (this.#refusal) return Promise.reject(new InvalidChannelException(this.#refusal));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...own, stored, resolve, reject });
      this.#sending ??= this.#send();
    });
  }

  /** Refuses messages from now on. */
  refuse(reason: string): void {
    this.#refusal ??= reason;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    // The turn's other messages come meanwhile.
    await undefined;
    while (this.#waiting.length > 0) {
      const messages = this.#waiting.splice(0, MOST_MESSAGES);
      try {
        const appended = await this.#append(messages.map(({ stored }) => stored));
        if (appended === 'closed') throw new InvalidChannelException('the channel is closed');
        await this.#delivered(appended, messages);
      } catch (error) {
        for (const { reject } of messages) reject(error);
      }
      if (this.#waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#sending = undefined;
  }

  async #delivered(appended: Appended, messages: Waiting[]): Promise<void> {
    try {
      await this.#deliver(appended, messages);
    } finally {
      // They are stored, whatever became of their delivery here.
      const before = appended.last - messages.length;
      messages.forEach(({ resolve }, at) => resolve(printEventId(appended.epoch, before + at + 1)));
    }
  }

  /** Repeats a call that has failed. It has the same number, so that it is not stored twice. */
  async #append(messages: NewMessage[]): Promise<Appended | 'closed'> {
    const turn = ++this.#turn;
    const start = performance.now();
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS)) {
      try {
        return await this.#backend.append(messages, turn);
      } catch (cause) {
        if (performance.now() - start + pause > this.#waitMilliseconds)
          throw new BackendException('the backend has not said that the message is stored', { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

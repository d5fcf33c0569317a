// Requests: one connection to a socket server, on which any number of them is answered in order.

import { broken, refusalIn, type SocketError } from './error.js';
import { Lines } from './lines.js';

interface Waiting {
  resolve(answer: string): void;
  reject(error: unknown): void;
}

/** @internal */
export class Requests {
  readonly #lines: Lines;
  /** The calls that wait for an answer, in the order of their requests. */
  readonly #waiting: Waiting[] = [];
  #over = false;

  constructor(path: string) {
    this.#lines = new Lines(path, {
      line: (line) => this.#answered(line),
      over: (error) => this.#ended(error),
    });
  }

  /** Whether nothing more can be asked here. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Sends a line and resolves to the one that answers it. */
  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#lines.socket.ref();
      this.#lines.write(line);
    });
  }

  /** Ends the connection once everything has been answered. */
  end(): void {
    this.#over = true;
    this.#lines.end();
  }

  #answered(line: string): void {
    const waiting = this.#waiting.shift();
    // A process may end while nobody waits for an answer.
    if (this.#waiting.length === 0) this.#lines.socket.unref();
    // An answer without a request: the next ones could not be matched to theirs either.
    if (!waiting) return (this.#lines.destroy(), this.#ended());
    try {
      const refusal = refusalIn(line);
      if (refusal) waiting.reject(refusal);
      else waiting.resolve(line);
    } catch (error) {
      waiting.reject(error);
    }
  }

  #ended(error: SocketError = broken('the server has ended it')): void {
    this.#over = true;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

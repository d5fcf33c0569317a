// A connection to a socket server: lines out, lines in.

import { connect, type Socket } from 'node:net';
import { broken, SocketError } from './error.js';

/** Callbacks of a connection. */
export interface LineHooks {
  line(line: string): void;
  /**
   * There will be nothing more: the server has ended the connection or, with an error, it broke.
   */
  over(error?: SocketError): void;
}

/** @internal */
export class Lines {
  readonly socket: Socket;
  readonly #hooks: LineHooks;
  /** Bytes that are written before the connection is open. */
  #first: string[] | undefined = [];
  /** The parts of a line that has not ended. */
  #rest: string[] = [];
  #connected = false;
  #ending = false;
  #over = false;

  constructor(path: string, hooks: LineHooks) {
    this.#hooks = hooks;
    this.socket = connect({ path }).setEncoding('utf8');
    this.socket.on('connect', () => {
      this.#connected = true;
      // One look at what comes before anything is sent: a server that turns clients away has said
      // why and closed, and writing to it would fail before that was read.
      setImmediate(() => setImmediate(() => this.#begin()));
    });
    this.socket.on('data', (text) => this.#read(text));
    this.socket.on('end', () => this.#end(this.#rest.length ? broken('in the middle of a line') : undefined));
    this.socket.on('error', (error) =>
      this.#end(
        this.#connected
          ? broken(error.message, error)
          : new SocketError('ERIC_CONNECT', `cannot connect: ${error.message}`, error),
      ),
    );
    this.socket.on('close', () => this.#end());
  }

  /** Sends a line. */
  write(line: string): void {
    if (this.#first) this.#first.push(line);
    else if (!this.#over) this.socket.write(`${line}\n`);
  }

  /** Ends this side after everything that was written. */
  end(): void {
    if (this.#first) this.#ending = true;
    else this.socket.end();
  }

  /** Reads everything that has come, even if the socket is paused. */
  drain(): void {
    // Each read emits a data event.
    while (this.socket.read() !== null);
  }

  /** Ends the connection at once. No callback is called any more. */
  destroy(): void {
    this.#over = true;
    this.socket.destroy();
  }

  #begin(): void {
    const lines = this.#first ?? [];
    this.#first = undefined;
    for (const line of lines) this.write(line);
    if (this.#ending) this.socket.end();
  }

  #read(text: string): void {
    const lines = text.split('\n');
    const rest = lines.pop() as string;
    if (lines.length && this.#rest.length) {
      lines[0] = this.#rest.join('') + lines[0];
      this.#rest = [];
    }
    if (rest) this.#rest.push(rest);
    for (const line of lines) if (!this.#over) this.#hooks.line(line);
  }

  #end(error?: SocketError): void {
    if (this.#over) return;
    this.#over = true;
    this.#hooks.over(error);
  }
}

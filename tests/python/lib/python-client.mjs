// The Python package's SocketClient, in a process of its own, called from here.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('client.py', import.meta.url));
const PATIENCE_MS = 20_000;

export class PythonClient {
  /** The names of the methods that were called, whichever the client. @type {Set<string>} */
  static called = new Set();

  #child;
  #calls = new Map();
  #last = 0;
  #errors = '';

  /**
   * @param {string} python the executable
   * @param {string} socket
   */
  constructor(python, socket) {
    this.#child = spawn(python, [PROGRAM, socket], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => void (this.#errors += text));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const result = JSON.parse(line);
      this.#calls.get(result.id)?.(result);
    });
    this.#child.once('close', () => {
      for (const tell of this.#calls.values()) tell({ raised: `the process has ended. ${this.#errors}` });
    });
  }

  /** The names of the client's public methods. @returns {Promise<string[]>} */
  methods() {
    return this.#ask({ methods: true });
  }

  /** Calls a method. @param {string} method @returns {Promise<string>} */
  call(method, ...args) {
    return this.#ask({ method, args });
  }

  /** Calls a method with one argument more, as Python reads it: `NaN` is one. @param {string} last @param {string} method @returns {Promise<string>} */
  callWith(last, method, ...args) {
    return this.#ask({ method, args, last });
  }

  /** Calls the method that streams. @returns {PythonStream} */
  stream(...args) {
    const stream = new PythonStream();
    this.#send({ method: 'stream', args }, (result) => stream.push(result));
    return stream;
  }

  /** Ends the process at once, in the middle of whatever it does. */
  async kill() {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await closed;
    }
  }

  #ask(command) {
    return promptly(
      new Promise((resolve, reject) => {
        this.#send(command, ({ answer, raised }) =>
          raised === undefined ? resolve(answer) : reject(new Error(raised)),
        );
      }),
      () => `${command.method ?? 'methods'}\n${this.#errors}`,
    );
  }

  #send(command, tell) {
    const id = ++this.#last;
    if (command.method) PythonClient.called.add(command.method);
    this.#calls.set(id, tell);
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
  }
}

/** The lines that `stream` yields, as the client gives them. */
class PythonStream {
  #lines = [];
  #ended = false;
  #raised;
  #wake = () => {};

  push({ line, ended, raised }) {
    if (line !== undefined) this.#lines.push(line);
    this.#ended ||= ended === true || raised !== undefined;
    this.#raised ??= raised;
    this.#wake();
  }

  /** The next so many events. @param {number} count */
  async events(count) {
    await this.#until(() => this.#lines.length >= count || this.#ended);
    return this.#lines.splice(0, count).map((line) => JSON.parse(line));
  }

  /** The lines until the end. @returns {Promise<string[]>} */
  async rest() {
    await this.#until(() => this.#ended);
    if (this.#raised !== undefined) throw new Error(this.#raised);
    return this.#lines.splice(0);
  }

  #until(holds) {
    return promptly(
      new Promise((resolve) => {
        this.#wake = () => holds() && resolve(undefined);
        this.#wake();
      }),
      () => `the stream has ${this.#lines.length} lines and ${this.#ended ? 'has' : 'has not'} ended`,
    );
  }
}

/** @template T @param {Promise<T>} promise @param {() => string} what @returns {Promise<T>} */
function promptly(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in time: ${what()}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

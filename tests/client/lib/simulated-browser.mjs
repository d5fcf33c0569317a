// A browser in memory: tabs with timers, Web Locks and broadcast channels, on a clock that jumps
// from one task to the next. Tasks that have no order in a browser have a random one here.

import { AsyncLocalStorage } from 'node:async_hooks';

const real = { setTimeout, clearTimeout, setImmediate, now: Date.now, random: Math.random };

/** @param {import('../../js/suite/lib/random.mjs').Random} random */
export function simulatedBrowser(random) {
  let [now, count] = [0, 0];
  /** @type {{ at: number, order: number, tab: object | undefined, run: () => void }[]} */
  let tasks = [];
  const current = new AsyncLocalStorage();
  const channels = new Set();
  const holders = new Map();
  let waiting = [];

  const addTask = (tab, delay, run) => {
    const task = { at: now + delay, order: count++, tab, run };
    tasks.push(task);
    return task;
  };
  /** What promises do, and streams. */
  const settled = async () => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => real.setImmediate(resolve));
  };
  /** Runs tasks and what they resolve, until a time or until there are none. */
  const runUntil = async (end) => {
    await settled();
    for (;;) {
      let next;
      for (const task of tasks) {
        const at = Math.max(task.at, task.tab?.stuckUntil ?? 0);
        if (at <= end && (!next || at < next.at || (at === next.at && task.order < next.task.order)))
          next = { task, at };
      }
      if (!next) break;
      tasks = tasks.filter((task) => task !== next.task);
      if (next.task.tab?.closed) continue;
      now = Math.max(now, next.at);
      current.run(next.task.tab, next.task.run);
      await settled();
    }
    now = end;
  };

  class Channel {
    onmessage = null;
    constructor(name) {
      this.name = name;
      this.tab = current.getStore();
      this.lastAt = new Map();
      channels.add(this);
    }
    postMessage(message) {
      if (this.tab.closed || this.closed) return;
      for (const other of channels) {
        if (other === this || other.name !== this.name) continue;
        const data = structuredClone(message);
        // In order from one sender to one receiver, and in none beside that.
        const at = Math.max(
          this.lastAt.get(other) ?? 0,
          now + (random.chance(90) ? random.below(3) : random.below(60)),
        );
        this.lastAt.set(other, at);
        addTask(other.tab, at - now, () => void (!other.closed && other.onmessage?.({ data })));
      }
    }
    close() {
      this.closed = true;
      channels.delete(this);
    }
  }

  const release = (name, holder) => {
    if (holders.get(name) !== holder) return;
    holders.delete(name);
    const next = waiting.find((request) => request.name === name);
    if (!next) return;
    waiting = waiting.filter((request) => request !== next);
    grant(next);
  };
  const grant = (request) => {
    holders.set(request.name, request);
    addTask(request.tab, random.below(5), () => {
      if (request.isStolen) return;
      Promise.resolve(request.callback({})).then(
        (value) => {
          request.resolve(value);
          addTask(undefined, random.below(3), () => release(request.name, request));
        },
        (error) => request.reject(error),
      );
    });
  };
  const locks = {
    request: (name, { steal, signal }, callback) =>
      new Promise((resolve, reject) => {
        const request = { name, callback, resolve, reject, tab: current.getStore() };
        const holder = holders.get(name);
        if (steal && holder) {
          holder.isStolen = true;
          addTask(holder.tab, random.below(5), () => holder.reject(new DOMException('stolen', 'AbortError')));
          grant(request);
        } else if (holder) {
          waiting.push(request);
          signal?.addEventListener('abort', () => {
            if (!waiting.includes(request)) return;
            waiting = waiting.filter((other) => other !== request);
            reject(signal.reason);
          });
        } else grant(request);
      }),
  };

  const replaced = {
    setTimeout: (run, delay = 0) =>
      current.getStore() ? addTask(current.getStore(), delay, run) : real.setTimeout(run, delay),
    clearTimeout: (task) => {
      if (task?.order === undefined) real.clearTimeout(task);
      else tasks = tasks.filter((other) => other !== task);
    },
    BroadcastChannel: Channel,
  };
  const navigatorBefore = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const before = Object.fromEntries(Object.keys(replaced).map((name) => [name, globalThis[name]]));
  Object.assign(globalThis, replaced);
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  Date.now = () => (current.getStore() ? 1e12 + now : real.now());
  Math.random = () => random.below(1_000_000) / 1_000_000;

  return {
    now: () => now,
    runUntil,
    /** Runs in a tab, or in none. */
    inTab: (tab, run) => current.run(tab, run),
    later: (delay, run) => addTask(undefined, delay, run),
    laterIn: addTask,
    open: () => ({ closed: false, stuckUntil: 0 }),
    /** The process of a tab ends: nothing of it runs again, and its locks are free. */
    kill(tab) {
      tab.closed = true;
      for (const channel of [...channels]) if (channel.tab === tab) channel.close();
      waiting = waiting.filter((request) => request.tab !== tab);
      for (const [name, holder] of holders)
        if (holder.tab === tab) addTask(undefined, random.below(5), () => release(name, holder));
    },
    /** The tab that has a lock. */
    leader: () => [...holders.values()][0]?.tab,
    restore() {
      Object.assign(globalThis, before);
      if (navigatorBefore) Object.defineProperty(globalThis, 'navigator', navigatorBefore);
      else delete globalThis.navigator;
      Date.now = real.now;
      Math.random = real.random;
    },
  };
}

// A backend in memory: the contract in its plainest form. Processes are handles of one store.

/**
 * @param {{ late?: boolean }} [options] `late`: every answer comes later, as over a network
 */
export function memoryStore({ late = false } = {}) {
  /** @type {Map<string, any>} */
  const channels = new Map();
  let epochs = 0;
  const newEpoch = () => `m${++epochs}`;
  const answer = (value) => (late ? new Promise((resolve) => setTimeout(resolve, 1, value)) : value);
  const store = {
    /** Called before each call with its name; may throw, as a network does. */
    before: (_call) => {},
    /** The same after it, when what was asked is done. */
    after: (_call) => {},
    calls: [],
    connect: () => ({ open: (name, history, changed) => answer(open(name, history, changed)) }),
    /** Begins another epoch, as the first process after a crash does. */
    crash() {
      for (const channel of channels.values()) {
        channel.handles.clear();
        channel.former.unshift({ epoch: channel.epoch, last: channel.newest });
        channel.epoch = newEpoch();
      }
    },
    copy() {
      const copied = structuredClone([...channels].map(([name, { handles, turns, ...channel }]) => [name, channel]));
      return () => {
        channels.clear();
        for (const [name, channel] of copied) channels.set(name, { ...channel, handles: new Set(), turns: new Map() });
        store.crash();
      };
    },
  };

  function open(name, history, changed) {
    let channel = channels.get(name);
    const begun = () => ({ epoch: newEpoch(), former: [], newest: 0, closed: false, messages: [], turns: new Map() });
    if (!channel) channels.set(name, (channel = { ...begun(), handles: new Set() }));
    else if (channel.closed) Object.assign(channel, begun());
    const handle = { changed };
    channel.handles.add(handle);
    const tell = () => {
      for (const other of channel.handles)
        if (other !== handle) setTimeout(() => channel.handles.has(other) && other.changed());
    };
    const called = (call, run) => {
      store.before(call);
      const value = structuredClone(run());
      store.after(call);
      return answer(value);
    };
    return {
      append: (messages, turn) =>
        called('append', () => {
          store.calls.push(messages.length);
          const former = channel.turns.get(handle);
          if (former?.turn === turn) return former.answer;
          if (channel.closed) return 'closed';
          for (const message of messages)
            channel.messages.push({ ...message, number: ++channel.newest, at: Date.now() });
          trim(channel, history);
          const appended = { epoch: channel.epoch, last: channel.newest };
          channel.turns.set(handle, { turn, answer: appended });
          tell();
          return appended;
        }),
      read: (after) =>
        called('read', () => {
          const { epoch, former, newest, closed, messages } = channel;
          return {
            epoch,
            former,
            newest,
            closed,
            messages: messages.filter(({ number }) => number > after).slice(0, 256),
          };
        }),
      end: () =>
        called('end', () => {
          channel.closed = true;
          tell();
        }),
      release: () => void channel.handles.delete(handle),
    };
  }

  return store;
}

function trim({ messages }, history) {
  const bytes = () => messages.reduce((sum, message) => sum + message.bytes, 0);
  const isOver = () =>
    messages.length > history.messages ||
    bytes() > history.bytes ||
    messages[0].at <= Date.now() - history.seconds * 1000;
  while (messages.length > 1 && isOver()) messages.shift();
}

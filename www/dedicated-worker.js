// The page's dedicated worker: a channel of its own, read here with `for await`; messages inform
// the page.
//
//   in:   { call, command, listener?, type?, payload?, perSecond? }
//         `command` is 'listen', 'broadcast', 'dispatch', 'stop', 'start' or 'rate'
//   out:  { listener, event, data, id }      a message, as it is delivered
//         { state }                          a listener's, when it has changed
//         { call, error? }                   a command was carried out, or the reason why not

import { MessageQueueListener, SSEChannel } from '/dist/index.js';
import { Room } from '/shared/room.mjs';

/** The interval of reports to the page about waiting messages. In milliseconds. */
const LOOK = 250;

const channel = new SSEChannel();
const room = new Room(channel, 20);

/** @param {string} id */
function listen(id) {
  const listener = new MessageQueueListener({ id, onMessage: () => room.delivered(listener) });
  channel.registerListener(listener);
  room.enter(listener);
  start(listener);
}

/** @param {MessageQueueListener} listener */
// #region shown
async function start(listener) {
  if (listener.isRunningSync()) return;
  listener.startSync();
  const stream = channel.messageStream(listener);
  for await (const { event, data, id } of stream) {
    postMessage({ listener: listener.id, event, data, id });
  }
  // Stopped: what is sent from now on waits.
}
// #endregion

/** @type {Record<string, (options: any) => void>} */
const commands = {
  listen: ({ listener }) => listen(listener),
  broadcast: ({ type, payload }) => room.broadcast({ type, payload }),
  dispatch: ({ listener, type, payload }) => room.dispatch(listener, { type, payload }),
  stop: ({ listener }) => channel.getListener(listener).stopSync(),
  start: ({ listener }) => void start(channel.getListener(listener)),
  rate: ({ perSecond }) => room.setRate(perSecond),
};

addEventListener('message', ({ data: { call, command, ...options } }) => {
  try {
    const carryOut = commands[command];
    if (!carryOut) throw new Error(`there is no command ${command}`);
    carryOut(options);
    tell();
    postMessage({ call });
  } catch (error) {
    postMessage({ call, error: error instanceof Error ? error.message : String(error) });
  }
});

/** The newest report to the page, for each listener. @type {Map<string, string>} */
const told = new Map();

function tell() {
  for (const listener of channel.listeners()) {
    const state = room.describe(listener);
    // While it runs, what waits is on its way.
    if (state.running) state.waiting = 0;
    const text = JSON.stringify(state);
    if (told.get(listener.id) === text) continue;
    told.set(listener.id, text);
    postMessage({ state });
  }
}

setInterval(tell, LOOK);

// Life: the object's channel from one start of the object to its end, restored from what is stored.

import { ChannelCore } from '../../channel/core.js';
import { uniqueId } from '../../model/ids.js';
import type { ResponseOptions } from '../../response/options.js';
import { type SSEChannelOptions, settingsOption } from '../../sse/settings.js';
import { SSEChannel } from '../../sse/sse-channel.js';
import type { ChannelRpc } from '../objects.js';
import { InOrder } from './in-order.js';
import { Leaves } from './leaves.js';
import { Sockets } from './sockets.js';
import { Store } from './store.js';

export interface Life {
  channel: SSEChannel;
  core: ChannelCore;
  store: Store;
  sockets: Sockets;
  leaves: Leaves;
  /** Calls that wait for their write to be durable. */
  inOrder: InOrder;
  /** Whether the root knows of this leaf. */
  isJoined: boolean;
}

/** The life's access to its object. */
export interface LifeHost {
  state: DurableObjectState;
  options: SSEChannelOptions;
  optionsFor(request: Request): ResponseOptions;
  /** Returns another object of the same class. */
  object(id: string): ChannelRpc;
  /** Sets the alarm. */
  wake(life: Life): Promise<void>;
}

/** Restores the channel. Its clients continue when `sockets.restore()` is called. */
export function startLife({ state, options, optionsFor, object, wake }: LifeHost): Life {
  const settings = settingsOption(options);
  const store = new Store(state.storage, settings.history, () => uniqueId().slice(-12));
  const { before, messages } = store.load();
  // Dispatches are not stored, nor is their count: numbered by the clock, those of each life follow
  // those of the one before.
  const core = new ChannelCore(settings, { epoch: store.epoch, sequence: before, dispatched: Date.now() });
  const channel = new SSEChannel(options, core);
  for (const { sent, excepted, at } of messages) core.broadcast(sent, excepted, sentAt(at));
  const life: Life = {
    channel,
    core,
    store,
    sockets: new Sockets(state, channel, core, optionsFor),
    leaves: new Leaves(store, object),
    inOrder: new InOrder(async () => {
      await wake(life);
      await state.storage.sync();
    }),
    isJoined: false,
  };
  if (store.closedAt !== undefined) channel.gone();
  else store.expire(Date.now());
  return life;
}

/** Returns when something was sent, in milliseconds of `performance.now()`. */
export function sentAt(at: number): number {
  return performance.now() - Math.max(0, Date.now() - at);
}

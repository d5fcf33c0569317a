// Objects: how the objects of one class find each other, and what a Worker tells them.

import { jittered } from '../util/random.js';
import type { Batch } from './batch.js';

/** What the objects of a tree ask of each other. */
export interface ChannelRpc {
  follow(root: string): Promise<void>;
  join(leaf: string, epoch: string, newest: number): Promise<Batch | 'closed'>;
  deliver(batch: Batch): Promise<{ epoch: string; newest: number } | undefined>;
  close(): Promise<void>;
}

interface Namespace {
  idFromString(id: string): unknown;
  get(id: unknown): ChannelRpc;
}

/** What a Worker tells an object beside a request. */
export interface ObjectContext {
  /** Whose leaf the object is, by its id. */
  root?: string;
  /** That `relay` asks for a WebSocket: where its client is, and whether that is by what came through a former one. */
  relay?: { id: string | undefined; again: boolean };
}

/**
 * Returns the request with something told beside it. That stands in `cf`, which is the platform's: a client's headers may come through a Worker
 * as they are, but no client has a say in it.
 */
export function withContext(request: Request, more: ObjectContext): Request {
  return new Request(request, { cf: { ...request.cf, eric: { ...contextOf(request), ...more } } });
}

/** Returns what was told beside a request. */
export function contextOf({ cf }: Request): ObjectContext {
  return cf?.eric ?? {};
}

/**
 * Returns another object of the same class, by its id as text. Among the bindings it is in the namespace to which the object's own id belongs:
 * another one refuses it.
 *
 * @throws {Error} when the Worker's environment has no such binding.
 */
export function objectOf(env: unknown, own: { toString(): string }, other: string): ChannelRpc {
  for (const binding of Object.values(env as Record<string, unknown>)) {
    // By its class: a binding of another Worker seems to have any method.
    if ((binding as object | null)?.constructor?.name !== 'DurableObjectNamespace') continue;
    const namespace = binding as Namespace;
    try {
      namespace.idFromString(own.toString());
    } catch {
      continue;
    }
    return namespace.get(namespace.idFromString(other));
  }
  throw new Error('a ChannelTree needs a binding of its objects in their own environment');
}

/** How long to wait before the next try. */
export const retryMilliseconds = (tried: number): number => jittered(100 * 4 ** tried);

/** How often something is tried again. */
export const TRIES = 4;

/** Asks again, by what makes a new stub, when an object has failed while it was asked: it starts anew then. */
export async function retrying<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tried = 0; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      const { retryable, durableObjectReset, overloaded } = error as Record<string, unknown>;
      if (!(retryable || durableObjectReset) || overloaded || tried === TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMilliseconds(tried)));
  }
}

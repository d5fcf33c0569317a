// Objects: how the objects of one class find each other, and the context that a Worker gives them.

import { jittered } from '../util/random.js';
import type { Batch } from './batch.js';

/** The calls between the objects of a tree. */
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

/** The context of a request, from a Worker to an object. */
export interface ObjectContext {
  /** The id of the root whose leaf the object is. */
  root?: string;
  /**
   * `relay` asks for a WebSocket: the client's last event id, and whether it came through a former
   * WebSocket.
   */
  relay?: { id: string | undefined; again: boolean };
}

/**
 * Returns the request with a context. It is in `cf`, which belongs to the platform: a Worker may
 * pass a client's headers on, but no client can write `cf`.
 */
export function withContext(request: Request, more: ObjectContext): Request {
  return new Request(request, { cf: { ...request.cf, eric: { ...contextOf(request), ...more } } });
}

/** Returns the context of a request. */
export function contextOf({ cf }: Request): ObjectContext {
  return cf?.eric ?? {};
}

/**
 * Returns another object of the same class, by its id as text. It is found through the binding
 * whose namespace accepts the object's own id.
 *
 * @throws {Error} when the Worker's environment has no such binding.
 */
export function objectOf(env: unknown, own: { toString(): string }, other: string): ChannelRpc {
  for (const binding of Object.values(env as Record<string, unknown>)) {
    // By the class name: a binding of another Worker answers to any method name.
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

/** Repeats a call, with a new stub, after its object failed: the object restarts then. */
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

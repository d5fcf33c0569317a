// Objects: how the objects of one class find each other.

import type { Batch } from './store.js';

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

/**
 * Returns what finds an object of the same class by its id, as text. Among the bindings it is the namespace to which the object's own id
 * belongs: another one refuses it.
 *
 * @throws {Error} when the Worker's environment has no such binding.
 */
export function objectsOf(env: unknown, id: { toString(): string }): (id: string) => ChannelRpc {
  for (const binding of Object.values(env as Record<string, unknown>)) {
    // By its class: a binding of another Worker seems to have any method.
    if ((binding as object | null)?.constructor?.name !== 'DurableObjectNamespace') continue;
    const namespace = binding as Namespace;
    try {
      namespace.idFromString(id.toString());
    } catch {
      continue;
    }
    return (other) => namespace.get(namespace.idFromString(other));
  }
  throw new Error('a ChannelTree needs a binding of its objects in their own environment');
}

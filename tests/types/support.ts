// Types to compare types with, and the events that the files beside this one speak of.

/** `true` when two types are the very same: `any` is like itself only. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Has the compiler check that a comparison holds: `holds<Same<A, B>>()`. */
export declare function holds<_Comparison extends true>(): void;

/** A value of any type, out of nowhere: these files are compiled, never run. */
export declare function some<T>(): T;

/** An interface, which unlike a type has no index signature. */
export interface Events {
  tick: number;
  note: { text: string; tags?: readonly string[] };
  level: 'low' | 'high';
  list: number[];
  ping: undefined;
  maybe: { by: string } | undefined;
  name: string;
}

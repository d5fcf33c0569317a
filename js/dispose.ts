// `using`: the disposal symbols, where the runtime has them.

/** Gives a class the method behind `using` or `await using`. Does nothing where the runtime has no such symbol yet. */
export function makeDisposable<T extends object>(prototype: T, name: 'dispose' | 'asyncDispose', method: (this: T) => unknown): void {
  const symbol = (Symbol as { dispose?: symbol; asyncDispose?: symbol })[name];
  if (symbol) Object.defineProperty(prototype, symbol, { value: method, configurable: true, writable: true });
}

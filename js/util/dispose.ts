// `using`: the disposal symbols, where the runtime has them.

/** The type that `using` accepts, in programs whose `lib` has the symbol. */
export type MaybeDisposable = { [Key in SymbolNamed<'dispose'>]: () => void };

/** The type that `await using` accepts, in programs whose `lib` has the symbol. */
export type MaybeAsyncDisposable = { [Key in SymbolNamed<'asyncDispose'>]: () => Promise<void> };

type SymbolNamed<Name extends string> = Name extends keyof SymbolConstructor ? SymbolConstructor[Name] & symbol : never;

/**
 * Gives a class the method behind `using` or `await using`. Does nothing where the runtime has no
 * such symbol yet.
 */
export function makeDisposable<T extends object>(
  prototype: T,
  name: 'dispose' | 'asyncDispose',
  method: (this: T) => unknown,
): void {
  const symbol = (Symbol as { dispose?: symbol; asyncDispose?: symbol })[name];
  if (symbol) Object.defineProperty(prototype, symbol, { value: method, configurable: true, writable: true });
}

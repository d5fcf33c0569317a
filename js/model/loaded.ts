// Whether the WebAssembly module is there.

let loaded = false;

export function markLoaded(): void {
  loaded = true;
}

export function isLoaded(): boolean {
  return loaded;
}

/** Throws if the module is not there yet, which only `eric-sse/slim` allows. */
export function assertLoaded(): void {
  if (!loaded) {
    throw new Error(
      'eric-sse/slim has no WebAssembly module yet: call `init()` with a module, its bytes or its URL first',
    );
  }
}

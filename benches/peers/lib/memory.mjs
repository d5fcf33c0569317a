// How much memory a process has.

/** Collects what nobody holds; needs `--expose-gc`. */
export async function collect() {
  for (let i = 0; i < 3; i++) {
    /** @type {() => void} */ (globalThis.gc)();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Bytes of the process, resident. */
export async function resident() {
  await collect();
  return process.memoryUsage.rss();
}

/**
 * Watches for the memory of the WebAssembly that is loaded from now on: the package does not hand
 * it out.
 * @returns {() => number} its bytes
 */
export function watchWasm() {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct: (_, [module, imports]) => {
      const instance = new Instance(module, imports);
      for (const exported of Object.values(instance.exports))
        if (exported instanceof WebAssembly.Memory) memories.push(exported);
      return instance;
    },
  });
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

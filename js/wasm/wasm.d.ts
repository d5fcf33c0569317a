// The default export of an import of the WebAssembly: its bytes where it is inlined, the compiled
// module where it stays a file.

declare module '*/pkg/eric_sse_bg.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.wasm?module' {
  const module: WebAssembly.Module;
  export default module;
}

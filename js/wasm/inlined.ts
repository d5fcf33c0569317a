// The bytes of the module, inlined by the build.

export { default as bytes } from '../../pkg/eric_sse_bg.wasm';

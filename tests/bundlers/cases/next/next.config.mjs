// The packages are linked from elsewhere.
export default { outputFileTracingRoot: '/', turbopack: { root: '/' } };

// Stands in for the runtime client's native part, which needs a compiler. The client asks for
// invocations over `node:http` then, and a streamed response never goes through that part.

const Module = require('node:module');

const load = Module._load;
Module._load = (name, ...rest) => (name === './rapid-client.node' ? {} : load(name, ...rest));

// The port to listen at: the one that is wanted, or a free one when it is taken.

import { createServer } from 'node:net';

export const HOST = '127.0.0.1';
const DEFAULT_PORT = 8787;

/** Returns a port that is free now: `PORT`'s, the default one, or any. */
export async function choosePort() {
  const named = process.env.PORT;
  if (named !== undefined && !(/^\d{1,5}$/.test(named) && Number(named) <= 65_535)) {
    console.error(`PORT must be a number from 0 to 65535, not ${JSON.stringify(named)}`);
    process.exit(1);
  }
  const wanted = named === undefined ? DEFAULT_PORT : Number(named);
  const port = (await tryPort(wanted)) ?? (await tryPort(0));
  if (port === undefined) throw new Error(`no port is free at ${HOST}`);
  if (wanted !== 0 && port !== wanted) console.log(`port ${wanted} is taken`);
  return port;
}

/** @param {number} port @returns {Promise<number | undefined>} */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const address = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(address.port));
    });
  });
}

// nchan: a hub in C, as a module of nginx. Used where both are installed.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Unavailable } from './case.mjs';
import { TYPE } from './messages.mjs';

const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'];
const MODULES = [
  '/usr/lib/nginx/modules',
  '/usr/lib64/nginx/modules',
  '/usr/local/lib/nginx/modules',
  '/usr/share/nginx/modules',
];
const MODULE = 'ngx_nchan_module.so';
const READY_MS = 5_000;

/**
 * Starts nginx with one worker, on the loopback.
 * @returns {Promise<import('./http-fan-out.mjs').Hub>}
 */
export async function startNchan() {
  const nginx = NGINX.find((file) => existsSync(file));
  const module = MODULES.map((folder) => path.join(folder, MODULE)).find((file) => existsSync(file));
  if (!nginx || !module) throw new Unavailable(`nginx with ${MODULE} is not installed`);
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-nchan-'));
  const config = path.join(folder, 'nginx.conf');
  writeFileSync(config, configuration(folder, module, port));
  const child = spawn(nginx, ['-c', config, '-p', folder, '-e', path.join(folder, 'error.log')], { stdio: 'ignore' });
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const publisher = await connect(port);
  // Its answers are not looked at: that all has arrived is seen at the clients.
  publisher.resume();
  let requests = '';
  return {
    port,
    path: '/listen',
    send: (payload) => {
      const body = JSON.stringify(payload);
      requests += `POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nX-EventSource-Event: ${TYPE}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    },
    flush: () => {
      publisher.write(requests);
      requests = '';
    },
  };
}

/** @param {string} folder @param {string} module @param {number} port */
const configuration = (folder, module, port) => `
load_module ${module};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  tcp_nodelay on;
  error_log ${folder}/error.log;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 10000000;
  server {
    listen 127.0.0.1:${port};
    location = /send { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 10000; }
    location = /listen { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
  }
}
`;

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {number} port @returns {Promise<net.Socket>} */
async function connect(port) {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (connected) return socket;
    if (performance.now() > deadline) throw new Unavailable('nginx does not accept connections');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

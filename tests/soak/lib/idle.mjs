// A process that does nothing for some seconds, with or without streams that wait, and then says
// what that has cost.

import { SSEChannel } from 'eric-sse';

const [kind, seconds] = process.argv.slice(2);

const KINDS = {
  nothing() {},
  stream: () => void new SSEChannel().watch().next(),
  async response() {
    const reader = new SSEChannel().response().body.getReader();
    await reader.read();
    void reader.read();
  },
  async paced() {
    // In the middle of its delay: the timer is set, and far away.
    const channel = new SSEChannel({ streamDelaySeconds: 1000 });
    const stream = channel.watch();
    channel.broadcast({ type: 'a' });
    await stream.next();
    void stream.next();
  },
  thousand() {
    const channel = new SSEChannel();
    for (let count = 0; count < 1000; count++) void channel.watch().next();
  },
};

await KINDS[kind]();
// Starting up, compiling and collecting garbage is no idling.
await new Promise((resolve) => setTimeout(resolve, 500));
const before = process.cpuUsage();
const switches = process.resourceUsage().voluntaryContextSwitches;
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
const { user, system } = process.cpuUsage(before);
const wakings = process.resourceUsage().voluntaryContextSwitches - switches;
process.stdout.write(JSON.stringify({ cpuMilliseconds: (user + system) / 1000, wakings }));
process.exit();

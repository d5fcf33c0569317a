// For a bundle that holds the package twice, as an ES module and as CommonJS.
import { SSEChannel } from 'eric-sse';

const { SSEChannel: Required } = require('eric-sse');
const stream = SSEChannel.named('news').watch();
Required.named('news').broadcast({ type: 'news', payload: 1 });
stream.next().then(({ value }) => console.log(SSEChannel === Required, value.event, value.data));

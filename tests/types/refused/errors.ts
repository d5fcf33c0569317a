// Exceptions that are not taken for one another.

import { type InvalidChannelException, type InvalidListenerException, NoMessagesException } from 'eric-sse';
import { some } from '../support.js';

// claim: a code that does not exist is not compared with
// @ts-expect-error TS2367: it is called ERIC_NO_MESSAGES
if (some<NoMessagesException>().code === 'NO_MESSAGES') some();
// @ts-expect-error TS2367: empty, stopped or closed
if (some<NoMessagesException>().reason === 'full') some();

// claim: one exception is not another
// @ts-expect-error TS2322: another code
export const other: InvalidChannelException = some<InvalidListenerException>();

// claim: only NoMessagesException has a reason, and must have one
// @ts-expect-error TS2339: no reason
some<InvalidChannelException>().reason;
// @ts-expect-error TS2554: no reason given
new NoMessagesException('a');

// claim: codes are read-only
// @ts-expect-error TS2540: read-only
some<InvalidChannelException>().code = 'ERIC_INVALID_CHANNEL';

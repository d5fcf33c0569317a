// The exceptions.

import { InvalidChannelException, InvalidListenerException, InvalidMessageFormat, NoMessagesException } from 'eric-sse';
import { holds, type Same, some } from '../support.js';

// claim: the codes are literals
holds<Same<InvalidChannelException['code'], 'ERIC_INVALID_CHANNEL'>>();
holds<Same<InvalidListenerException['code'], 'ERIC_INVALID_LISTENER'>>();
holds<Same<InvalidMessageFormat['code'], 'ERIC_INVALID_MESSAGE'>>();
holds<Same<NoMessagesException['code'], 'ERIC_NO_MESSAGES'>>();

// claim: the reason why there are no messages is a literal
holds<Same<NoMessagesException['reason'], 'empty' | 'stopped' | 'closed'>>();

// claim: they are errors
const errors: Error[] = [
  new InvalidChannelException('a'),
  new InvalidListenerException('a', { cause: 1 }),
  new InvalidMessageFormat('a'),
  new NoMessagesException('a', 'empty'),
];

// claim: a union of them narrows by its code, and by its class
type Thrown = InvalidChannelException | InvalidListenerException | InvalidMessageFormat | NoMessagesException;
function why(error: Thrown): string {
  switch (error.code) {
    case 'ERIC_NO_MESSAGES':
      return error.reason;
    case 'ERIC_INVALID_CHANNEL':
    case 'ERIC_INVALID_LISTENER':
    case 'ERIC_INVALID_MESSAGE':
      return error.message;
  }
}

// claim: a caught error narrows by instanceof
try {
  some();
} catch (error) {
  if (error instanceof NoMessagesException && error.reason === 'stopped') error.code satisfies 'ERIC_NO_MESSAGES';
  else if (error instanceof InvalidListenerException) error.code satisfies 'ERIC_INVALID_LISTENER';
}

export { errors, why };

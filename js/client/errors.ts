// The errors of a client. Their codes are stable: branch on `code`, never on the text.

/** A response that is no event stream, with the beginning of its body. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly code = 'ERIC_RESPONSE';
  readonly status: number;
  readonly headers: Headers;
  /** The first KiB of the body, as text. */
  readonly body: string;

  constructor(message: string, { status, headers }: Response, body: string) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** A connection that was not made, broke, or gave no sign of life for too long. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code = 'ERIC_CONNECTION';
}

/** An event whose data was refused: by `parse`, or by the schema of its type. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly code = 'ERIC_INVALID_EVENT';
  readonly type: string;
  /** The data as it was received. */
  readonly data: string;
  readonly lastEventId: string;
  /** The issues of the schema. */
  readonly issues: readonly { readonly message: string }[];

  constructor(
    { type, data, lastEventId }: { type: string; data: string; lastEventId: string },
    issues: InvalidEventError['issues'],
    cause?: unknown,
  ) {
    super(`an event of the type ${type} is invalid: ${issues.map(({ message }) => message).join('; ')}`, { cause });
    this.type = type;
    this.data = data;
    this.lastEventId = lastEventId;
    this.issues = issues;
  }
}

const BODY_BYTES = 1024;
const BODY_MILLISECONDS = 3000;

/** Reads the beginning of a response that is no event stream, and cancels the rest. */
export async function errorOf(response: Response): Promise<ResponseError> {
  const { status, headers, body } = response;
  const type = headers.get('Content-Type');
  const message = response.ok && body ? `a response of the type ${type} is no event stream` : `the status is ${status}`;
  let text = '';
  const reader = body?.getReader();
  const cancel = () => reader?.cancel().catch(() => {});
  // A body that does not come must not hold up the error.
  const timer = setTimeout(cancel, BODY_MILLISECONDS);
  try {
    const utf8 = new TextDecoder();
    let left = BODY_BYTES;
    while (reader && left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += utf8.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // The status alone says enough.
  }
  clearTimeout(timer);
  void cancel();
  return new ResponseError(message, response, text);
}

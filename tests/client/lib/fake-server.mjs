// A server in memory: the `fetch` of a connection, which answers its requests one after another.

/**
 * A response whose body a test writes.
 * @param {string} [text] its first bytes
 * @param {ResponseInit} [init]
 */
export function stream(text = '', { headers, ...init } = {}) {
  let controller;
  const seen = { cancelled: false, pulls: 0 };
  const body = new ReadableStream(
    {
      start: (given) => void (controller = given),
      pull: () => void seen.pulls++,
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  const send = (more) => controller.enqueue(new TextEncoder().encode(more));
  if (text) send(text);
  return {
    response: new Response(body, { headers: { 'Content-Type': 'text/event-stream', ...headers }, ...init }),
    send,
    seen,
    end: () => controller.close(),
    break: () => controller.error(new TypeError('network error')),
  };
}

/** A response that brings events and ends. */
export const events = (text, init) => {
  const { response, end } = stream(text, init);
  end();
  return response;
};

/**
 * Answers with what the list has, and with its last one again and again.
 * @param {...(Response | Error | ((request: object) => Response | Promise<Response>))} answers
 */
export function serverOf(...answers) {
  /** @type {{ url: string, method: string, headers: Headers, body: unknown, at: number }[]} */
  const requests = [];
  const fetch = async (input, init = {}) => {
    const { method = 'GET', headers, body, signal } = init;
    const request = {
      url: String(input.url ?? input),
      method,
      headers: new Headers(headers),
      body,
      at: performance.now(),
    };
    requests.push(request);
    if (signal?.aborted) throw signal.reason;
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    const aborted = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    aborted.catch(() => {});
    return Promise.race([typeof answer === 'function' ? answer(request) : answer.clone(), aborted]);
  };
  return { fetch, requests };
}

/** Never answers. */
export const silence = () => new Promise(() => {});

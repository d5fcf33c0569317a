// Connections to servers in memory, and what their loops get.

export const URL = 'http://server.example/events';
/** Retries come fast. */
export const FAST = { retryMilliseconds: 1, maxRetryMilliseconds: 1 };

/** Returns a function that opens connections to servers in memory, and notes their states. */
export const openerOf =
  (connect) =>
  (server, options = {}, target = URL) => {
    const states = [];
    const connection = connect(target, {
      fetch: server.fetch,
      ...FAST,
      onState: (change) => states.push(change),
      ...options,
    });
    return Object.assign(connection, { states });
  };
/** All that the loop gets: data of events, and then the end. */
export const all = async (connection) => {
  const got = [];
  try {
    for await (const { data } of connection) got.push(data);
  } catch (error) {
    got.push(error);
  }
  return { got, end: await connection.ended };
};
export const status =
  (code, headers = {}, body = null) =>
  () =>
    new Response(body, { status: code, headers });
export const gone = status(204);

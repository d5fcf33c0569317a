// A channel in memory, for tabs of a simulated browser: its `fetch`, whose responses resume by id.

const utf8 = new TextEncoder();

/**
 * @param {ReturnType<import('./simulated-browser.mjs').simulatedBrowser>} browser
 * @param {import('../../js/suite/lib/random.mjs').Random} random
 */
export function simulatedStream(browser, random) {
  let sent = 0;
  const listeners = new Set();
  const requests = [];
  const text = (from, to) => {
    let events = '';
    for (let number = from; number <= to; number++) events += `id: e-${number}\nevent: n\ndata: ${number}\n\n`;
    return events;
  };
  const end = (listener) => {
    if (!listeners.delete(listener)) return;
    browser.laterIn(listener.tab, 0, () => {
      try {
        listener.controller.error(new TypeError('network error'));
      } catch {
        // It was cancelled.
      }
    });
  };
  /** Brings a listener what it lacks, after a while and in one chunk. */
  const flush = (listener) => {
    if (listener.isFlushing) return;
    listener.isFlushing = true;
    browser.laterIn(listener.tab, random.below(12), () => {
      listener.isFlushing = false;
      if (!listeners.has(listener) || listener.at === sent) return;
      listener.controller.enqueue(utf8.encode(text(listener.at + 1, sent)));
      listener.at = sent;
    });
  };
  return {
    listeners,
    requests,
    sent: () => sent,
    id: () => `e-${sent}`,
    send(count = 1) {
      sent += count;
      for (const listener of listeners) flush(listener);
    },
    /** Breaks all connections off. */
    cut: () => [...listeners].forEach(end),
    /** The connections of a tab whose process has ended. */
    left: (tab) => [...listeners].filter((listener) => listener.tab === tab).forEach(end),
    /** The `fetch` of a tab. */
    fetchOf:
      (tab) =>
      (_url, { headers, signal }) =>
        new Promise((resolve, reject) => {
          const id = headers.get('Last-Event-ID');
          requests.push(id);
          browser.later(random.below(random.chance(80) ? 20 : 400), () => {
            if (signal.aborted || tab.closed) return reject(signal.reason);
            if (random.chance(5)) return reject(new TypeError('network error'));
            const listener = { tab, at: id ? Number(id.slice(2)) : sent, controller: undefined, isFlushing: false };
            const body = new ReadableStream({ start: (controller) => void (listener.controller = controller) });
            signal.addEventListener('abort', () => end(listener));
            listeners.add(listener);
            const first = `retry: 20\n\nevent: _eric_position\nid: e-${listener.at}\ndata\n\n`;
            listener.controller.enqueue(utf8.encode(first));
            flush(listener);
            browser.laterIn(tab, random.below(3), () =>
              resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })),
            );
          });
        }),
  };
}

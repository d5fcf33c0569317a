// The charts of the bench, as SVG: rates beside each other, and how costs grow.

/** @typedef {import('../../benches/peers/lib/run-case.mjs').CaseResult} CaseResult */

const FONT = 'font-family="system-ui, sans-serif"';
const INK = '#1f2933';
const FAINT = '#d5dbe1';
/** By whose it is; readable on white. Every bar and line has its name beside it. */
const COLOURS = /** @type {Record<string, string>} */ ({
  'eric-sse': '#0b62c4',
  'eric-sse, bounded': '#6aa5e8',
  'by hand': '#6b7785',
  'better-sse': '#e08a00',
  hono: '#8e44ad',
  'sse-channel': '#1b998b',
  nchan: '#c0392b',
  'events.on': '#7a9a01',
  python: '#b0893b',
  tokio: '#c0392b',
  'futures-channel': '#1b998b',
});

/** Which measures stand in the chart of rates, and under which title. */
const SHOWN = /** @type {Record<string, [measure: string, title: string]>} */ ({
  'fan-out': ['rate', 'Fan-out to fetch Response bodies, deliveries per second'],
  http: ['rate', 'Fan-out over HTTP/1.1 to 500 clients in another process, deliveries per second'],
  objects: ['rate', 'Streams of objects read by `for await`, deliveries per second'],
  replay: ['again', 'Replay to reconnecting clients, messages per second'],
});

const WIDTH = 860;
const [LABELS, BAR, GAP] = [230, 16, 5];
const LINE = 13;

/** @param {string} text */
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

/** @param {number} x @param {number} y @param {string} text @param {{ size?: number, anchor?: string, weight?: string, fill?: string }} [style] */
const label = (x, y, text, { size = 12, anchor = 'start', weight = 'normal', fill = INK } = {}) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${FONT} font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escaped(text)}</text>`;

/** @param {string} name */
const colourOf = (name) => COLOURS[name] ?? INK;

/** @param {number} height @param {string[]} parts @param {string} title */
const svg = (height, parts, title) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;

/**
 * Rates, a bar for each contestant, on a logarithmic scale for each case.
 * @param {CaseResult[]} results
 */
export function bars(results) {
  const parts = [label(16, 26, 'Rates, the medians of all rounds (logarithmic)', { size: 16, weight: 'bold' })];
  let y = 44;
  for (const { name, variants } of results) {
    const [measure, title] = SHOWN[name] ?? [];
    if (measure === undefined || title === undefined) continue;
    const rows = variants.map((variant) => ({
      name: variant.name,
      bars: Object.entries(variant.contestants).flatMap(([who, numbers]) =>
        numbers[measure] ? [{ who, value: numbers[measure].median }] : [],
      ),
    }));
    const values = rows.flatMap(({ bars }) => bars.map(({ value }) => value));
    const [least, most] = [Math.log10(Math.min(...values)) - 0.5, Math.log10(Math.max(...values))];
    y += 20;
    parts.push(label(16, y, title, { weight: 'bold' }));
    for (const row of rows.filter(({ bars }) => bars.length > 0)) {
      y += 22;
      parts.push(label(16, y, row.name));
      y += 4;
      for (const { who, value } of row.bars) {
        const width = ((Math.log10(value) - least) / (most - least)) * (WIDTH - LABELS - 90);
        parts.push(label(LABELS - 8, y + BAR - 4, who, { anchor: 'end', size: 11 }));
        parts.push(
          `<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colourOf(who)}"/>`,
        );
        parts.push(label(LABELS + width + 6, y + BAR - 4, short(value), { size: 11 }));
        y += BAR + GAP;
      }
    }
  }
  return svg(y + 16, parts, 'Rates of the package beside its peers');
}

/**
 * Lines on logarithmic scales: what is varied, and nanoseconds.
 * @param {CaseResult[]} results
 */
export function curves(results) {
  const of = (/** @type {string} */ name) => results.find((result) => result.name === name)?.variants ?? [];
  const plots = [
    ...of('curves').map(({ name, contestants }) => ({
      title: `ns for each delivery, by ${name}`,
      lines: linesOf(contestants),
    })),
    {
      title: 'ns for a broadcast while no listener reads, by listeners',
      lines: of('broadcast')
        .flatMap(({ contestants }) => linesOf(contestants))
        .slice(0, 1),
    },
    ...['receive', 'wake', 'broadcast'].map((group) => ({
      title:
        group === 'broadcast'
          ? 'native: ns for a broadcast, by listeners'
          : `native: ns for each delivery (${group}), by listeners`,
      lines: linesAcross(of('native'), `${group}, `),
    })),
  ].filter(({ lines }) => lines.length > 0);
  const [width, height] = [WIDTH / 2, 300];
  const parts = [label(16, 26, 'How costs grow (both scales logarithmic)', { size: 16, weight: 'bold' })];
  plots.forEach(({ title, lines }, i) =>
    parts.push(...plot(title, lines, (i % 2) * width, 40 + Math.floor(i / 2) * height, width, height)),
  );
  return svg(50 + Math.ceil(plots.length / 2) * height, parts, 'Cost curves');
}

/** @typedef {{ who: string, points: [x: number, y: number][] }} Line */

/**
 * The lines of measures that are named by a number.
 * @param {CaseResult['variants'][number]['contestants']} contestants
 * @returns {Line[]}
 */
const linesOf = (contestants) =>
  Object.entries(contestants).map(([who, numbers]) => ({
    who,
    points: inOrder(Object.entries(numbers).map(([measure, { median }]) => [numberOf(measure), median])),
  }));

/**
 * The lines of variants that are named by a number behind the same words, with one measure.
 * @param {CaseResult['variants']} variants
 * @param {string} words
 * @returns {Line[]}
 */
function linesAcross(variants, words) {
  const shown = variants.filter(({ name }) => name.startsWith(words));
  const all = [...new Set(shown.flatMap(({ contestants }) => Object.keys(contestants)))];
  return all.map((who) => ({
    who,
    points: inOrder(
      shown.flatMap(({ name, contestants }) =>
        Object.values(contestants[who] ?? {}).map(({ median }) => [numberOf(name.slice(words.length)), median]),
      ),
    ),
  }));
}

/** @param {string} text */
const numberOf = (text) => parseInt(text.replace(/,/g, ''), 10);

/** @param {number[][]} points */
const inOrder = (points) =>
  points.map(([x = 1, y = 1]) => /** @type {[number, number]} */ ([x, y])).sort(([a], [b]) => a - b);

/** @param {string} title @param {Line[]} lines @param {number} left @param {number} top @param {number} width @param {number} height */
function plot(title, lines, left, top, width, height) {
  const [x0, x1, y0, y1] = [left + 58, left + width - 108, top + height - 40, top + 34];
  const all = lines.flatMap(({ points }) => points);
  const decades = (/** @type {number[]} */ values) => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const [left10 = 0, right10 = 1] = decades(all.map(([x]) => x));
  const [low10 = 0, high10 = 1] = decades(all.map(([, y]) => y));
  const xOf = (/** @type {number} */ x) => x0 + ((Math.log10(x) - left10) / Math.max(1, right10 - left10)) * (x1 - x0);
  const yOf = (/** @type {number} */ y) => y0 - ((Math.log10(y) - low10) / Math.max(1, high10 - low10)) * (y0 - y1);
  const parts = [label(left + 16, top + 18, title, { weight: 'bold' })];
  for (let decade = left10; decade <= right10; decade++) {
    const x = xOf(10 ** decade);
    parts.push(
      `<path d="M${x.toFixed(1)} ${y0}V${y1}" stroke="${FAINT}"/>`,
      label(x, y0 + 16, short(10 ** decade), { anchor: 'middle', size: 11 }),
    );
  }
  for (let decade = low10; decade <= high10; decade++) {
    const y = yOf(10 ** decade);
    parts.push(
      `<path d="M${x0} ${y.toFixed(1)}H${x1}" stroke="${FAINT}"/>`,
      label(x0 - 6, y + 4, short(10 ** decade), { anchor: 'end', size: 11 }),
    );
  }
  for (const { who, points } of lines) {
    const colour = colourOf(who);
    const path = points.map(([x, y]) => `${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join('L');
    parts.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [x, y] of points)
      parts.push(`<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y).toFixed(1)}" r="2.5" fill="${colour}"/>`);
  }
  // Names of lines that end at the same place stand one below the other.
  let free = -Infinity;
  const ends = lines.map(({ who, points }) => ({
    who,
    x: xOf(points.at(-1)?.[0] ?? 1),
    y: yOf(points.at(-1)?.[1] ?? 1),
  }));
  for (const { who, x, y } of ends.sort((a, b) => a.y - b.y)) {
    const at = Math.max(y, free);
    free = at + LINE;
    parts.push(label(x + 6, at + 4, who, { size: 11, fill: colourOf(who) }));
  }
  return parts;
}

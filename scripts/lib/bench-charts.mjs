// The charts of the bench, as SVG: rates beside each other, and how costs grow.

/** @typedef {import('../../benches/peers/lib/run-case.mjs').CaseResult} CaseResult */

const FONT = 'font-family="system-ui, sans-serif"';
const INK = '#1f2933';
const FAINT = '#d5dbe1';
/** By whose it is; readable on white, and told apart without colour vision. */
const COLOURS = /** @type {Record<string, string>} */ ({ 'eric-sse': '#0b62c4', 'by hand': '#6b7785' });
const OTHERS = ['#e08a00', '#8e44ad', '#1b998b', '#c0392b'];

/** Which measures stand in the chart of rates. */
const SHOWN = /** @type {Record<string, string[]>} */ ({ 'fan-out': ['rate'], http: ['rate'], objects: ['rate'], replay: ['again'] });

const WIDTH = 860;
const [LABELS, BAR, GAP] = [230, 16, 5];

/** @param {string} text */
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

/** @param {number} x @param {number} y @param {string} text @param {{ size?: number, anchor?: string, weight?: string }} [style] */
const label = (x, y, text, { size = 12, anchor = 'start', weight = 'normal' } = {}) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${FONT} font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${INK}">${escaped(text)}</text>`;

/** @param {string} name @param {number} place among those without a colour of their own */
const colourOf = (name, place) => COLOURS[name] ?? OTHERS[place % OTHERS.length];

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
  for (const { name, title, variants, measures } of results) {
    for (const measure of SHOWN[name] ?? []) {
      const rows = variants.map((variant) => ({ name: variant.name, bars: Object.entries(variant.contestants).flatMap(([who, numbers]) => (numbers[measure] ? [{ who, value: numbers[measure].median }] : [])) }));
      const values = rows.flatMap(({ bars }) => bars.map(({ value }) => value));
      if (values.length === 0) continue;
      const [least, most] = [Math.log10(Math.min(...values)) - 0.5, Math.log10(Math.max(...values))];
      const others = [...new Set(rows.flatMap(({ bars }) => bars.map(({ who }) => who)))].filter((who) => !(who in COLOURS));
      y += 20;
      parts.push(label(16, y, `${title}: ${measures[measure]?.unit ?? ''}`, { weight: 'bold' }));
      for (const row of rows.filter(({ bars }) => bars.length > 0)) {
        y += 22;
        parts.push(label(16, y, row.name));
        y += 4;
        for (const { who, value } of row.bars) {
          const width = ((Math.log10(value) - least) / (most - least)) * (WIDTH - LABELS - 90);
          parts.push(label(LABELS - 8, y + BAR - 4, who, { anchor: 'end', size: 11 }));
          parts.push(`<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colourOf(who, others.indexOf(who))}"/>`);
          parts.push(label(LABELS + width + 6, y + BAR - 4, short(value), { size: 11 }));
          y += BAR + GAP;
        }
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
  const plots = [
    ...plotsOf(results.find(({ name }) => name === 'curves'), (variant) => `ns for each delivery, by ${variant}`),
    ...plotsOf(results.find(({ name }) => name === 'broadcast'), (variant) => `ns for a broadcast, nobody reading, by ${variant}`),
  ];
  const [width, height] = [WIDTH / 2, 300];
  const parts = [label(16, 26, 'How costs grow (both scales logarithmic)', { size: 16, weight: 'bold' })];
  plots.forEach(({ title, lines }, i) => parts.push(...plot(title, lines, (i % 2) * width, 40 + Math.floor(i / 2) * height, width, height)));
  return svg(50 + Math.ceil(plots.length / 2) * height, parts, 'Cost curves');
}

/** @typedef {{ who: string, points: [x: number, y: number][] }} Line */

/**
 * The plots of a case whose measures are named by a number.
 * @param {CaseResult | undefined} result
 * @param {(variant: string) => string} titleOf
 * @returns {{ title: string, lines: Line[] }[]}
 */
function plotsOf(result, titleOf) {
  return (result?.variants ?? []).map(({ name, contestants }) => ({
    title: titleOf(name),
    lines: Object.entries(contestants).map(([who, numbers]) => ({
      who,
      points: Object.entries(numbers)
        .map(([measure, { median }]) => /** @type {[number, number]} */ ([parseInt(measure.replace(/,/g, ''), 10), median]))
        .sort(([a], [b]) => a - b),
    })),
  }));
}

/** @param {string} title @param {Line[]} lines @param {number} left @param {number} top @param {number} width @param {number} height */
function plot(title, lines, left, top, width, height) {
  const [x0, x1, y0, y1] = [left + 58, left + width - 70, top + height - 40, top + 34];
  const all = lines.flatMap(({ points }) => points);
  const decades = (/** @type {number[]} */ values) => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  const [left10 = 0, right10 = 1] = decades(all.map(([x]) => x));
  const [low10 = 0, high10 = 1] = decades(all.map(([, y]) => y));
  const xOf = (/** @type {number} */ x) => x0 + ((Math.log10(x) - left10) / Math.max(1, right10 - left10)) * (x1 - x0);
  const yOf = (/** @type {number} */ y) => y0 - ((Math.log10(y) - low10) / Math.max(1, high10 - low10)) * (y0 - y1);
  const parts = [label(left + 16, top + 18, title, { weight: 'bold' })];
  for (let decade = left10; decade <= right10; decade++) {
    const x = xOf(10 ** decade);
    parts.push(`<path d="M${x.toFixed(1)} ${y0}V${y1}" stroke="${FAINT}"/>`, label(x, y0 + 16, short(10 ** decade), { anchor: 'middle', size: 11 }));
  }
  for (let decade = low10; decade <= high10; decade++) {
    const y = yOf(10 ** decade);
    parts.push(`<path d="M${x0} ${y.toFixed(1)}H${x1}" stroke="${FAINT}"/>`, label(x0 - 6, y + 4, short(10 ** decade), { anchor: 'end', size: 11 }));
  }
  for (const [i, { who, points }] of lines.entries()) {
    const colour = colourOf(who, i);
    const path = points.map(([x, y]) => `${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join('L');
    parts.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [x, y] of points) parts.push(`<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y).toFixed(1)}" r="2.5" fill="${colour}"/>`);
    const [x, y] = points.at(-1) ?? [1, 1];
    parts.push(label(xOf(x) + 6, yOf(y) + 4, who, { size: 11 }));
  }
  return parts;
}

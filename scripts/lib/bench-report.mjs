// The result of a run of the bench, as text.

/**
 * @typedef {import('../../benches/peers/lib/run-case.mjs').CaseResult} CaseResult
 * @typedef {import('../../benches/peers/lib/run-case.mjs').AimResult} AimResult
 */

/** @param {number} value @param {number} [digits] */
export function shown(value, digits) {
  if (digits === undefined) digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Prints what was measured. @param {CaseResult} result */
export function printCase({ title, variants, measures, unavailable, cannot }) {
  console.log(`\n${title}`);
  for (const { name, contestants } of variants) {
    console.log(`  ${name}`);
    for (const [contestant, numbers] of Object.entries(contestants)) {
      for (const [measure, { median, least, most }] of Object.entries(numbers)) {
        const { unit = '', digits } = measures[measure] ?? {};
        const many = Object.keys(measures).length > 1 ? `${measure}: ` : '';
        const values = [median, least, most].map((value) => shown(value, digits));
        console.log(
          `    ${contestant.padEnd(14)} ${values[0]?.padStart(12)} (${values[1]} – ${values[2]}) ${many}${unit}`,
        );
      }
    }
  }
  for (const [contestant, why] of Object.entries(unavailable))
    console.log(`    ${contestant} was not measured: ${why}`);
  for (const line of cannot) console.log(`    ${line}`);
}

/** Prints the table of aims. @param {CaseResult[]} results */
export function printAims(results) {
  console.log('\naims, by the median of the ratios of all rounds (and the least and greatest)');
  for (const { title, aims } of results) {
    console.log(`\n${title}`);
    for (const aim of aims)
      console.log(
        `  ${verdict(aim).padEnd(12)} ${valueTextOf(aim).padEnd(34)} ${aim.text} (aim: ${aim.wanted} ${aim.unit})`,
      );
  }
  const all = results.flatMap(({ aims }) => aims).filter(({ met }) => met !== null);
  console.log(`\n${all.filter(({ met }) => met).length} of ${all.length} aims are met`);
}

/** @param {AimResult} aim */
const verdict = ({ met }) => (met === null ? 'not measured' : met ? 'met' : 'NOT MET');

/** @param {AimResult} aim */
const valueTextOf = ({ value, unit }) =>
  value ? `${shown(value.median)} (${shown(value.least)} – ${shown(value.most)}) ${unit}` : '';

/**
 * The aims as a table for the docs, and what was measured for them.
 * @param {CaseResult[]} results
 * @param {string} machine
 */
export function markdown(results, machine) {
  const lines = [`${machine}. Medians of all rounds, the least and the greatest in parentheses.`, ''];
  for (const { title, date, aims, variants, measures, unavailable, cannot, notes } of results) {
    lines.push(`### ${title}`, '', `Measured on ${date.slice(0, 10)}.`, '');
    if (aims.length > 0) {
      lines.push('| ours | measured | aim | |', '| --- | ---: | --- | --- |');
      for (const aim of aims)
        lines.push(`| ${aim.text} | ${valueTextOf(aim) || '-'} | ${aim.wanted} ${aim.unit} | ${verdict(aim)} |`);
      lines.push('');
    }
    lines.push('| case | who | measured | |', '| --- | --- | ---: | --- |');
    for (const { name, contestants } of variants) {
      for (const [contestant, numbers] of Object.entries(contestants)) {
        for (const [measure, { median, least, most }] of Object.entries(numbers)) {
          const { unit = '', digits } = measures[measure] ?? {};
          const what = Object.keys(measures).length > 1 ? `${measure}: ${unit}` : unit;
          lines.push(
            `| ${name} | ${contestant} | ${shown(median, digits)} (${shown(least, digits)} – ${shown(most, digits)}) | ${what} |`,
          );
        }
      }
    }
    const missing = Object.entries(unavailable).map(([contestant, why]) => `${contestant} was not measured: ${why}.`);
    const remarks = [...notes, ...cannot, ...missing];
    if (remarks.length > 0) lines.push('', ...remarks.map((remark) => `- ${remark}`));
    lines.push('');
  }
  return lines.join('\n');
}

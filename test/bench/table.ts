import { cpus, totalmem } from 'node:os';
import { type Comparison, isHeld, ratioOf } from './benchmark.ts';

/** `P12 ratio 1.04 (hold 1.10) ok`. */
export function lineOf(comparison: Comparison): string {
  const verdict = isHeld(comparison) ? 'ok' : 'MISSED';
  return `${comparison.goal} ratio ${shown(ratioOf(comparison))} (hold ${shown(comparison.hold)}) ${verdict}`;
}

/** `docs/benchmarks.md`: a page of measurements, which no two machines write alike. */
export function benchmarksPage(comparisons: readonly Comparison[], measuredAt: Date): string {
  const rows = comparisons.map((comparison) => {
    const { goal, what, peer, ours, theirs, unit, hold, better, pairs } = comparison;
    const limit = `${better === 'less' ? '≤' : '≥'} ${shown(hold)}`;
    const cells = [
      goal,
      what,
      peer,
      `${amount(ours)} ${unit}`,
      `${amount(theirs)} ${unit}`,
      `**${shown(ratioOf(comparison))}**`,
    ];
    return `| ${[...cells, limit, isHeld(comparison) ? 'ok' : 'missed', pairs].join(' | ')} |`;
  });
  const missed = comparisons.filter((comparison) => !isHeld(comparison));
  const [processor] = cpus();
  const parts = [
    '<!-- Written by `npm run bench`. -->',
    '# Benchmarks',
    'Each line compares Fettle with what a user would run instead, in turns in one run on one machine; medians. Before any time is taken ' +
      'both sides must have given the same answer. `npm run bench` measures all of them anew, `npm run bench -- P12` one.',
    `Measured ${measuredAt.toISOString().slice(0, 10)} on ${cpus().length} × ${processor?.model.trim() ?? 'an unknown processor'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}.`,
    [
      '| goal | what | peer | ours | peer | ratio | hold | | pairs |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
    ...(missed.length === 0
      ? []
      : [
          '## What is missed, and why',
          ...missed.map(({ goal, because }) => `**${goal}**: ${because ?? 'not known yet'}.`),
        ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function shown(ratio: number): string {
  return ratio.toFixed(2);
}

function amount(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}

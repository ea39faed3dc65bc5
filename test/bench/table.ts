import { cpus, totalmem } from 'node:os';
import { type Comparison, isHeld, ratioOf } from './benchmark.ts';

/** `P12a ours 3.12, vacuumdb -j1 3.01 seconds, ratio 1.04 (hold ≤ 1.10) ok`. */
export function lineOf(comparison: Comparison): string {
  const { goal, peer, ours, theirs, unit } = comparison;
  const verdict = isHeld(comparison) ? 'ok' : 'MISSED';
  const numbers = `ours ${amount(ours)}, ${peer} ${amount(theirs)} ${unit}`;
  return `${goal} ${numbers}, ratio ${shown(ratioOf(comparison))} (hold ${limitOf(comparison)}) ${verdict}`;
}

/** `docs/benchmarks.md`: a page of measurements, which no two machines write alike. */
export function benchmarksPage(comparisons: readonly Comparison[], measuredAt: Date): string {
  const rows = comparisons.map((comparison) => {
    const { goal, what, peer, ours, theirs, unit, pairs } = comparison;
    const cells = [
      goal,
      what,
      peer,
      `${amount(ours)} ${unit}`,
      `${amount(theirs)} ${unit}`,
      `**${shown(ratioOf(comparison))}**`,
    ];
    const row = [...cells, limitOf(comparison), isHeld(comparison) ? 'ok' : 'missed', String(pairs)];
    // A bar within a cell would begin another one.
    return `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
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

function limitOf({ hold, better }: Comparison): string {
  return `${better === 'less' ? '≤' : '≥'} ${shown(hold)}`;
}

function shown(ratio: number): string {
  return ratio < 0.1 ? String(Number(ratio.toPrecision(2))) : ratio.toFixed(2);
}

function amount(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}

/**
 * Mutates core, `act`, the leases and the judgement of steps, runs the quick tests against each mutant, and writes
 * docs/mutation.md. Arguments are handed on: `npm run mutation -- --mutate core/verdict.ts`. What was tested before and
 * has not changed is not tested again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..', '..');
const LEAST_PERCENT = 90;

const Report = z.object({
  files: z.record(
    z.string(),
    z.object({
      mutants: z.array(z.object({ status: z.string(), location: z.object({ start: z.object({ line: z.int() }) }) })),
    }),
  ),
});

interface Score {
  readonly file: string;
  readonly killed: number;
  readonly survived: number;
  readonly uncovered: number;
}

if (!existsSync(join(HERE, 'node_modules'))) must('npm', 'ci', '--prefix', HERE, '--ignore-scripts');
const given = process.argv.slice(2);
must(join(HERE, 'node_modules', '.bin', 'stryker'), 'run', join(HERE, 'stryker.config.json'), ...given);

const text = await readFile(join(ROOT, 'node_modules/.cache/fettle/mutation-report.json'), 'utf8');
const scores = Object.entries(Report.parse(JSON.parse(text)).files).map(([file, { mutants }]) =>
  scoreOf(file, mutants),
);
const all = scores.reduce(added, { file: 'all', killed: 0, survived: 0, uncovered: 0 });
for (const score of [...scores, all]) process.stdout.write(`${score.file.padEnd(40)} ${inWords(score)}\n`);
if (given.length === 0) await writeFile(join(ROOT, 'docs/mutation.md'), page([...scores, all]));
process.exitCode = percentOf(all) >= LEAST_PERCENT ? 0 : 1;

function must(program: string, ...given: readonly string[]): void {
  const { status } = spawnSync(program, given, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function scoreOf(file: string, mutants: readonly { readonly status: string }[]): Score {
  const count = (...statuses: readonly string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
  // A mutant that never ends was noticed.
  return { file, killed: count('Killed', 'Timeout'), survived: count('Survived'), uncovered: count('NoCoverage') };
}

function added(a: Score, b: Score): Score {
  return {
    file: a.file,
    killed: a.killed + b.killed,
    survived: a.survived + b.survived,
    uncovered: a.uncovered + b.uncovered,
  };
}

function percentOf({ killed, survived, uncovered }: Score): number {
  const mutants = killed + survived + uncovered;
  return mutants === 0 ? 100 : (killed / mutants) * 100;
}

function inWords(score: Score): string {
  const { killed, survived, uncovered } = score;
  return `${percentOf(score).toFixed(1)} %: ${killed} killed, ${survived} survived, ${uncovered} reached by no test`;
}

function page(rows: readonly Score[]): string {
  return [
    '<!-- Written by `npm run mutation`. -->',
    '# How well the tests notice a change',
    `Each mutant is the code with one thing changed: a comparison turned round, a branch left out, a text emptied. A test that
notices kills it. The hold is ${LEAST_PERCENT} % of all. \`npm run mutation\` makes this page anew; it takes long, and what has not changed
since its last run is not tested again.`,
    [
      '| file | killed | survived | reached by no test | score |',
      '| --- | ---: | ---: | ---: | ---: |',
      ...rows.map(
        (row) =>
          `| \`${row.file}\` | ${row.killed} | ${row.survived} | ${row.uncovered} | ${percentOf(row).toFixed(1)} % |`,
      ),
    ].join('\n'),
    '',
  ].join('\n\n');
}

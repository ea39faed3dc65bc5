/** Measures the goals named in the arguments, or all of them, and writes the page once all were measured. */
import { readdir, writeFile } from 'node:fs/promises';
import type { Benchmark, Comparison } from './benchmark.ts';
import { isHeld } from './benchmark.ts';
import { isInstalled } from './programs.ts';
import { SCALE } from './size.ts';
import { benchmarksPage, lineOf } from './table.ts';

const GOALS = new URL('./goals/', import.meta.url);
const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);
const say = (text: string) => void process.stderr.write(`${text}\n`);

async function benchmarks(): Promise<Benchmark[]> {
  const files = (await readdir(GOALS)).filter((file) => file.endsWith('.ts') && !file.startsWith('_'));
  const loaded = files.map(async (file) => (await import(new URL(file, GOALS).href)) as { benchmark: Benchmark });
  const all = (await Promise.all(loaded)).map(({ benchmark }) => benchmark);
  return all.sort((a, b) => a.goal.localeCompare(b.goal, 'en', { numeric: true }));
}

const wanted = process.argv.slice(2);
const all = await benchmarks();
const unknown = wanted.filter((goal) => !all.some((benchmark) => benchmark.goal === goal));
if (unknown.length > 0) {
  say(`there is no goal ${unknown.join(', ')}; there are: ${all.map(({ goal }) => goal).join(', ')}`);
  process.exit(2);
}
const comparisons: Comparison[] = [];
let passedOver = 0;
let failed = 0;
for (const { goal, what, needs = [], run: measure } of all) {
  if (wanted.length > 0 && !wanted.includes(goal)) continue;
  const missing: string[] = [];
  for (const program of needs) if (!(await isInstalled(program))) missing.push(program);
  if (missing.length > 0) {
    say(`${goal} passed over: ${missing.join(', ')} is not installed`);
    passedOver += 1;
    continue;
  }
  say(`${goal}: ${what} …`);
  try {
    const measured = await measure(say);
    comparisons.push(...measured);
    for (const comparison of measured) process.stdout.write(`${lineOf(comparison)}\n`);
  } catch (thrown) {
    // The other goals are measured all the same; none of them says anything of this one.
    say(`${goal} FAILED: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    failed += 1;
  }
}
if (SCALE < 1) say(`everything was ${SCALE} of its size: these numbers mean nothing`);
// A page of some of the goals would look like a page of all of them.
const isWhole = wanted.length === 0 && passedOver === 0 && failed === 0 && SCALE === 1;
if (isWhole) await writeFile(PAGE, benchmarksPage(comparisons, new Date()));
process.exitCode = failed === 0 && comparisons.every(isHeld) ? 0 : 1;

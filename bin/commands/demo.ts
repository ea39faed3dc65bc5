import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { Demo, DemoOptions } from '../../lib/demo/demo.ts';
import { nearestHint } from '../../lib/profiles/nearest-word.ts';
import { printReport, tell } from '../answer.ts';
import { defineCommand, EXIT } from '../command.ts';

// Only when one is wanted: their servers take longer to load than every other command to answer.
const DEMOS: Readonly<Record<string, (options: DemoOptions) => Promise<Demo>>> = {
  daily: async (options) => (await import('../../lib/demo/demo.ts')).runDemo(options),
  reviews: async (options) => (await import('../../lib/demo/demo-reviews.ts')).runReviewsDemo(options),
};

export const command = defineCommand({
  name: 'demo',
  summary: 'Runs the daily maintenance on real servers with planted problems, or the reviews on a made-up account',
  usage: 'fettle demo [daily | reviews] [--fresh] [--keep] [--json]',
  example: 'npm run demo',
  options: { fresh: { type: 'boolean' }, keep: { type: 'boolean' } },
  argument: { name: 'demo', required: false },
  async run({ values, positionals: [named = 'daily'], signal }) {
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    const run = Object.hasOwn(DEMOS, named) ? DEMOS[named] : undefined;
    if (run === undefined) {
      const known = Object.keys(DEMOS);
      const hint = nearestHint(named, known) || `; take one of ${known.join(', ')}`;
      throw new InvalidInput('CLI_ARGUMENT', `there is no demo ${quoted(named)}${hint}`);
    }
    const demo = await run({ fresh: values['fresh'] === true, signal, onProgress: tell, say });
    const { missing, unexpected } = demo.difference;
    printReport(demo.result.report, { json: values['json'] === true });
    for (const words of missing) say(`planted and not found: ${words}`);
    for (const words of unexpected) say(`found and not planted: ${words}`);
    const exact = missing.length === 0 && unexpected.length === 0;
    if (exact) say('found exactly what was planted and not yet mended');
    for (const page of demo.pages) say(`page: ${page}`);
    if (values['keep'] === true && !signal.aborted) await keepUp(demo, signal, say);
    await demo.stop();
    if (demo.result.interrupted) return EXIT.interrupted;
    return exact ? EXIT.fine : EXIT.bad;
  },
});

/** Leaves the servers up until Ctrl-C. */
async function keepUp({ again, places, hints }: Demo, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  say(`\nThe servers stay up until Ctrl-C. Break something, then: ${again}\n`);
  for (const [name, place] of Object.entries(places)) say(`  ${name.padEnd(13)}${place}`);
  if (hints.length > 0) say('\nTo break something:\n');
  for (const hint of hints) say(`  ${hint}`);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  // A signal's listener alone does not keep a process alive.
  const awake = setInterval(() => undefined, 60_000);
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  await promise;
  clearInterval(awake);
}

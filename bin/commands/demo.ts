import { relative } from 'node:path';
import type { Demo } from '../../lib/demo/demo.ts';
import { printReport, tell } from '../answer.ts';
import { defineCommand, EXIT } from '../command.ts';

export const command = defineCommand({
  name: 'demo',
  summary: 'Runs the daily maintenance on real servers with planted problems',
  usage: 'fettle demo [--fresh] [--keep] [--json]',
  example: 'npm run demo',
  options: { fresh: { type: 'boolean' }, keep: { type: 'boolean' } },
  async run({ values, signal }) {
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    // Only now: its servers take longer to load than every other command to answer.
    const { runDemo } = await import('../../lib/demo/demo.ts');
    const demo = await runDemo({ fresh: values['fresh'] === true, signal, onProgress: tell, say });
    const { missing, unexpected } = demo.difference;
    printReport(demo.result.report, { json: values['json'] === true });
    for (const words of missing) say(`planted and not found: ${words}`);
    for (const words of unexpected) say(`found and not planted: ${words}`);
    const exact = missing.length === 0 && unexpected.length === 0;
    if (exact) say('found exactly what was planted and not yet mended');
    say(`page: ${demo.page}`);
    if (values['keep'] === true && !signal.aborted) await keepUp(demo, signal, say);
    await demo.servers.stop();
    if (demo.result.interrupted) return EXIT.interrupted;
    return exact ? EXIT.fine : EXIT.bad;
  },
});

/** Leaves the servers up until Ctrl-C. */
async function keepUp(
  { platform, servers: { parts } }: Demo,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  say(
    `\nThe servers stay up until Ctrl-C. Break something, then: npx fettle run daily --platform ${relative('.', platform)}\n`,
  );
  for (const [name, place] of parts.flatMap(({ places }) => Object.entries(places)))
    say(`  ${name.padEnd(13)}${place}`);
  say('\nTo break something:\n');
  for (const hint of parts.flatMap(({ hints }) => hints)) say(`  ${hint}`);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  // A signal's listener alone does not keep a process alive.
  const awake = setInterval(() => undefined, 60_000);
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  await promise;
  clearInterval(awake);
}

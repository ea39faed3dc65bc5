import { resolve } from 'node:path';
import type * as z from 'zod';
import { StartInput } from '../../core/run.ts';
import { performRun } from '../../lib/local/perform-run.ts';
import { openWorkspace } from '../../lib/local/workspace.ts';

// A run on this machine with any start input, also one that only a schedule or an alarm gives: a process of its own,
// because the AWS settings of a run are those of its process.
const [platform, procedure = '', input = '{}', store = ''] = process.argv.slice(2);
const workspace = await openWorkspace({ platform, store: resolve(store), now: new Date() });
const { report } = await performRun({
  workspace,
  procedure,
  input: StartInput.parse(JSON.parse(input)) as z.input<typeof StartInput>,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onReaped: () => undefined,
});
process.stdout.write(JSON.stringify(report));

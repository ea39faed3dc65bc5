import { quoted } from '../core/calendar/problem.ts';
import { InvalidInput } from '../core/errors.ts';
import { findRunKey } from '../lib/evidence/find-run-key.ts';
import { ownBundles } from '../lib/evidence/own-bundles.ts';
import { verificationText } from '../lib/evidence/verification-text.ts';
import { verifyRuns, type VerifyOptions } from '../lib/evidence/verify-runs.ts';
import { openWorkspace } from '../lib/local/workspace.ts';
import { type CommandArguments, EXIT, platformGiven } from './command.ts';

/** What `verify-run` and `verify-runs` share: the store is only read, and the answer goes to standard output. */
export async function verify(
  given: CommandArguments,
  wanted: Pick<VerifyOptions, 'since' | 'anchor'> & { readonly runId?: string },
): Promise<number> {
  const { store } = await openWorkspace({
    ...platformGiven(given),
    onlyReads: true,
    now: new Date(),
  });
  const { runId, ...options } = wanted;
  const only = runId === undefined ? undefined : await findRunKey(store, runId);
  if (runId !== undefined && only === undefined)
    throw new InvalidInput('CLI_UNKNOWN_RUN', `there is no run ${quoted(runId)} in ${store.location}`);
  const verification = await verifyRuns({
    store,
    ownBundles,
    ...options,
    only,
    onProgress: ({ runs }) => void process.stderr.write(`${runs} runs …\n`),
  });
  process.stdout.write(
    given.values['json'] === true ? `${JSON.stringify(verification, null, 2)}\n` : verificationText(verification),
  );
  return verification.isProven ? EXIT.fine : EXIT.bad;
}

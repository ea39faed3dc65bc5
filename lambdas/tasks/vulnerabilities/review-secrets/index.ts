import * as z from 'zod';
import { DurationSeconds } from '../../../../core/duration.ts';
import { messageOf } from '../../../../core/errors.ts';
import { defineTask } from '../../../../core/task.ts';
import { eachNeed } from '../../../runtime/each-need.ts';
import { eachTarget } from '../../../runtime/each-target.ts';
import { worstFirst } from '../../../runtime/worst-first.ts';
import { placeNeeds } from '../_needs.ts';
import { placeOf, placePermissions } from '../_place.ts';
import { shareOfTime } from '../_time-share.ts';
import { SECRET_FINDINGS, type SecretKind } from './findings.ts';
import {
  acceptanceFindings,
  AcceptedSecret,
  isSearchedWhole,
  knownAfter,
  secretFindings,
  secretMeasurements,
  secretsDocument,
  type SearchedTarget,
} from './judgement.ts';
import { searchRepository } from './repository.ts';

const Input = z.strictObject({
  maxAge: DurationSeconds.default(694_800).describe(
    'How old an archive may be; 8d1h by default, a week and a day of slack. A folder has no age',
  ),
  leaveOut: z
    .array(z.string().min(1).max(100))
    .max(100)
    .default(['node_modules'])
    .describe('Names of folders that are not searched, besides .git: packages of others, generated files'),
  accepted: z
    .array(AcceptedSecret)
    .max(1_000)
    .default([])
    .describe('What looks like a secret and was accepted by somebody until a date'),
});

const Baseline = z.object({ targets: z.record(z.string(), z.array(z.string())) });

export const task = defineTask({
  name: 'vulnerabilities-review-secrets',
  summary: 'Searches repositories for credentials that were written into their files, and never shows them',
  effect: 'read-only',
  target: 'repositories',
  input: Input,
  examples: [
    {},
    {
      leaveOut: ['node_modules', 'vendor'],
      accepted: [
        {
          fingerprint: '0123456789abcdef',
          until: '2026-12-31',
          reason: 'a key of the test account, which is emptied every night',
          owner: 'platform team',
        },
      ],
    },
  ],
  findings: SECRET_FINDINGS,
  permissions: (platform) => placePermissions(platform, 'repositories'),
  needs: ({ input, targets, signal }) => {
    const wanted = { what: 'files', isWanted: () => true, leftOut: foldersLeftOut(input) };
    return eachNeed(targets, ({ url }) => placeNeeds(url.reveal(), wanted, signal));
  },
  timeoutSeconds: 840,
  baseline: { version: 1, schema: Baseline },
  documentKey: (now) => `vulnerabilities/secrets/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`,
  run: async ({ input, targets, baseline, now, clock, deadline, signal }) => {
    const limits = { now, maxAgeSeconds: input.maxAge, accepted: input.accepted };
    const all: SearchedTarget[] = [];
    const unread: { target: string; reason: string }[] = [];
    const examined = await eachTarget<SecretKind, (typeof targets)[number]>(targets, async ({ name, url }) => {
      try {
        // A repository that does not answer leaves the others their time.
        const stop = shareOfTime(deadline, clock(), signal, targets.length - all.length - unread.length);
        const leftOut = foldersLeftOut(input);
        const searched = await searchRepository(placeOf(url.reveal(), stop), {
          target: name,
          leftOut,
          now,
          signal: stop,
        });
        const one = { target: name, searched, earlier: baseline?.targets[name] };
        all.push(one);
        return { findings: worstFirst(secretFindings(one, limits)), measurements: secretMeasurements(one) };
      } catch (thrown) {
        unread.push({ target: name, reason: messageOf(thrown) });
        throw thrown;
      }
    });
    const isWhole = unread.length === 0 && all.every(({ searched }) => isSearchedWhole(searched));
    const ofAcceptances = acceptanceFindings(targets[0]?.name ?? '', all, limits, isWhole);
    return {
      findings: [...examined.findings, ...worstFirst(ofAcceptances)],
      measurements: examined.measurements,
      baseline: {
        targets: { ...baseline?.targets, ...Object.fromEntries(all.map((one) => [one.target, knownAfter(one)])) },
      },
      document: z.json().parse(secretsDocument(all, limits, unread)),
    };
  },
});

/** The history in `.git` is compressed; it is not walked. */
function foldersLeftOut({ leaveOut }: z.output<typeof Input>): ReadonlySet<string> {
  return new Set(['.git', ...leaveOut]);
}

import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { sessionNeeds } from './_needs.ts';
import { ageNeeds } from './_needs-ages.ts';
import { type Session, withSession } from './_session.ts';
import { readCluster, readDatabases, readRelations } from './_wraparound-ages.ts';
import { WRAPAROUND_FINDINGS, type WraparoundKind } from './_wraparound-findings.ts';
import { readFreezeHolders } from './_wraparound-holders.ts';
import { judgeAges, judgeHolders, measureAges, type Observed, overdueAge } from './_wraparound-judgement.ts';
import { rateOf, Sample, sampleOf, withSample } from './_wraparound-rate.ts';

const Input = z.strictObject({
  overdueTimes: z
    .number()
    .min(1)
    .max(10)
    .default(1.25)
    .describe('Warn of an age of more than so many times the age at which autovacuum has to freeze'),
  warnAbove: Percent.prefault('50%').describe('Warn where a larger share of all ids is used'),
  failAbove: Percent.prefault('75%').describe('Fail where a larger share of all ids is used'),
  failWithin: DurationSeconds.prefault('14d').describe(
    'Fail where what is overdue reaches the end within this time at the present rate',
  ),
  holderAgeAbove: Percent.prefault('50%').describe(
    'Warn of what holds the horizon once its age is a larger share of autovacuum_freeze_max_age',
  ),
});
type Limits = z.output<typeof Input>;

/** The counters of each target at some moments of the last days, the oldest first. */
const Baseline = z.object({ targets: z.record(z.string(), z.array(Sample)) });

interface Examined {
  readonly findings: readonly Finding<WraparoundKind>[];
  readonly measurements: readonly Measurement[];
  readonly samples: readonly Sample[];
}

async function examine(session: Session, target: string, known: readonly Sample[], limits: Limits): Promise<Examined> {
  const cluster = await readCluster(session);
  const limitOf = (ids: 'xid' | 'mxid') => overdueAge(ids, cluster, session.version, limits);
  const now = sampleOf(cluster);
  const observed: Observed = {
    server: session,
    cluster,
    databases: await readDatabases(session),
    ...(await readRelations(session, { xid: limitOf('xid'), mxid: limitOf('mxid') })),
    ...(await readFreezeHolders(session)),
    rate: rateOf(known, now),
  };
  return {
    findings: [...judgeAges(target, observed, limits), ...judgeHolders(target, observed, limits)],
    measurements: measureAges(target, observed),
    samples: withSample(known, now),
  };
}

export const task = defineTask({
  name: 'postgres-check-wraparound',
  summary: 'Checks the freeze ages of databases and tables, when they would stop the server, and what holds them',
  effect: 'read-only',
  target: 'postgres',
  input: Input,
  examples: [{}, { overdueTimes: 1.1, failAbove: '60%', failWithin: '30d' }],
  findings: WRAPAROUND_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) => sessionNeeds(context, ageNeeds),
  timeoutSeconds: 180,
  baseline: { version: 1, schema: Baseline },
  run: async ({ input, targets, baseline, sessionName, allowAddresses }) => {
    const options = { sessionName, allowAddresses, lockTimeoutSeconds: 3, outlivesClient: false };
    const known = { ...baseline?.targets };
    const examined = await eachTarget(
      targets,
      async (target) => {
        const { samples, ...found } = await withSession(target, options, (session) =>
          examine(session, target.name, baseline?.targets[target.name] ?? [], input),
        );
        known[target.name] = [...samples];
        return found;
      },
      { concurrency: 4 },
    );
    return { ...examined, baseline: { targets: known } };
  },
});

import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { defineTask, pause } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { Rebuilt } from './_bloat.ts';
import { Bytes } from './_bytes.ts';
import { sessionNeeds } from './_needs.ts';
import { indexNeeds } from './_needs-indexes.ts';
import { chooseIndexes } from './_reindex-choice.ts';
import { Course, follow, TIMEOUT_SECONDS } from './_reindex-course.ts';
import { REINDEX_FINDINGS, type ReindexKind } from './_reindex-findings.ts';
import { sessionOptions, withSession } from './_session.ts';
import { secondsLeft } from './_upkeep.ts';

const Input = z.strictObject({
  tables: z
    .array(z.string().min(1).max(127))
    .min(1)
    .optional()
    .describe(
      'The tables to look at, with or without schema, as they are spelt; a partitioned one stands for its partitions. All by default',
    ),
  bloatAbove: Percent.refine((percent) => percent >= 10, 'must not be below 10%')
    .prefault('30%')
    .describe('Rebuild an index of which a larger share is proven to be bloat'),
  minSize: Bytes.prefault('10MB').describe('The size below which no index is looked at: 512kB, 10MB, 1.5GB'),
  freeSpace: Bytes.optional().describe(
    'What is always free on the disk of the database, kept true by an alarm of yours: PostgreSQL cannot tell. Without it a rebuild may need no more than 1GB or a quarter of the size of the database',
  ),
  maxIndexes: z.int().positive().default(10).describe('The most indexes that one run may rebuild'),
  lockTimeout: DurationSeconds.refine((seconds) => seconds <= 60, 'must not be longer than 60s')
    .prefault('3s')
    .describe(
      'How long to wait for the lock of a table, and how long anyone may wait for a lock of the rebuild before it is cancelled',
    ),
  transactionTimeout: DurationSeconds.refine((seconds) => seconds <= 3_600, 'must not be longer than 1h')
    .prefault('1m')
    .describe(
      'How long a rebuild may wait for the end of one transaction of others; one that is open for longer already keeps it from beginning',
    ),
  statementTimeout: DurationSeconds.prefault('1h').describe('The server cancels a rebuild that takes longer'),
});
export type ReindexInput = z.output<typeof Input>;

/** By target, and by index as the server quotes it: what it was like after our last rebuild. */
const Baseline = z.record(z.string(), z.record(z.string(), Rebuilt));

const Cursor = z.record(z.string(), Course);

// Beside the indexes that may be rebuilt, what earlier rebuilds have left may be swept.
const MOST_SWEPT = 100;

export const task = defineTask({
  name: 'postgres-reindex',
  summary: 'Rebuilds the indexes that are proven to be bloated, one at a time and locking nobody out',
  effect: 'mutating',
  target: 'postgres',
  input: Input,
  examples: [{}, { tables: ['users', 'sales.orders'], bloatAbove: '40%', freeSpace: '50GB' }],
  findings: REINDEX_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) => sessionNeeds(context, (session, standing) => indexNeeds(session, standing, context.input.tables)),
  timeoutSeconds: TIMEOUT_SECONDS,
  pauses: true,
  baseline: { version: 1, schema: Baseline },
  cap: ({ maxIndexes }) => ({ absolute: maxIndexes + MOST_SWEPT, percent: 100 }),
  run: async (context) => {
    const { input, targets, resume, mode, baseline = {} } = context;
    const isFirst = resume === undefined;
    const courses = new Map(Object.entries(isFirst ? {} : Cursor.parse(resume)));
    const waits: number[] = [];
    const options = sessionOptions(context);
    // One index may take a minute to be measured; what is found must still be told.
    const givenSeconds = (context.deadline.getTime() - context.now.getTime()) / 1_000;
    const hasTime = () => secondsLeft(context) > givenSeconds / 2;
    const examined = await eachTarget<ReindexKind, (typeof targets)[number]>(targets, async (target) => {
      const course =
        courses.get(target.name) ??
        (await withSession(target, options, (session) =>
          chooseIndexes(session, target.name, input, baseline[target.name] ?? {}, hasTime),
        ));
      courses.set(target.name, course);
      // What was chosen is kept before anything is done: after a crash an index half rebuilt may not look bloated.
      const keepsFirst = isFirst && mode === 'execute' && course.queue.length > 0;
      const wait = keepsFirst ? 1 : await follow(context, target, course);
      if (wait !== undefined) waits.push(wait);
      return concluded(target.name, course);
    });
    if (waits.length > 0) {
      return pause({ seconds: Math.min(...waits), cursor: Cursor.parse(Object.fromEntries(courses)) as never });
    }
    return { ...examined, baseline: { ...baseline, ...remembered(courses, baseline) } };
  },
});

function concluded(target: string, { findings, measurements, rebuilt, reclaimedBytes }: Course) {
  const count = Object.keys(rebuilt).length;
  return {
    findings: findings as never[],
    measurements: [
      ...measurements,
      { name: 'indexes-rebuilt', value: count, unit: 'count', target } as const,
      { name: 'total-reclaimed', value: reclaimedBytes, unit: 'bytes', target } as const,
    ],
  };
}

function remembered(courses: ReadonlyMap<string, Course>, before: z.infer<typeof Baseline>): z.infer<typeof Baseline> {
  return Object.fromEntries([...courses].map(([target, { rebuilt }]) => [target, { ...before[target], ...rebuilt }]));
}

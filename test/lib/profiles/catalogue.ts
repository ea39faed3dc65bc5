import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { defineTask, type Task } from '../../../core/task.ts';
import type { TasksByName } from '../../../lib/profiles/entry-schema.ts';

const nothing = async () => ({ findings: [], measurements: [] });
const cap = () => ({ absolute: 1, percent: 1 });

const TASKS: readonly Task[] = [
  defineTask({
    name: 'postgres-vacuum',
    summary: 'Vacuums tables',
    effect: 'mutating',
    target: 'postgres',
    input: z.strictObject({
      deadRowsAbove: Percent.default(20).describe('The share of dead rows'),
      tables: z.array(z.string()).optional().describe('Only these tables'),
      order: z.enum(['oldest', 'largest']).default('oldest').describe('Which first'),
      capTables: z.int().min(1).max(100).default(10).describe('How many at most'),
    }),
    examples: [{}],
    findings: {},
    timeoutSeconds: 300,
    pauses: true,
    cap,
    run: nothing,
  }),
  defineTask({
    name: 'postgres-analyze',
    summary: 'Analyzes tables',
    effect: 'mutating',
    target: 'postgres',
    input: z.strictObject({}),
    examples: [{}],
    findings: {},
    timeoutSeconds: 300,
    cap,
    run: nothing,
  }),
  defineTask({
    name: 'postgres-terminate-sessions',
    summary: 'Ends sessions',
    effect: 'destructive',
    target: 'postgres',
    input: z.strictObject({}),
    examples: [{}],
    findings: {},
    timeoutSeconds: 60,
    cap,
    run: nothing,
  }),
  defineTask({
    name: 'certificates-check-endpoints',
    summary: 'Checks certificates',
    effect: 'read-only',
    target: 'endpoints',
    input: z.strictObject({ warnBelow: DurationSeconds.default(2_592_000).describe('What is left of it') }),
    examples: [{}],
    findings: {},
    timeoutSeconds: 60,
    run: nothing,
  }),
  defineTask({
    name: 'kubernetes-check-pods',
    summary: 'Checks pods',
    effect: 'read-only',
    target: 'kubernetes',
    input: z.strictObject({}),
    examples: [{}],
    findings: {},
    timeoutSeconds: 60,
    run: nothing,
  }),
  defineTask({
    name: 'backups-verify',
    summary: 'Verifies backups',
    effect: 'read-only',
    target: 'backups',
    input: z.strictObject({ maxAge: DurationSeconds.describe('How old the newest may be') }),
    examples: [{ maxAge: '8h' }],
    findings: {},
    timeoutSeconds: 120,
    run: nothing,
  }),
];

/** Six small tasks, so that what a profile may say does not change with the tasks that exist. */
export const FAKE_CATALOGUE: TasksByName = new Map(TASKS.map((task) => [task.name, { task }]));

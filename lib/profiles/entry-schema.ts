import * as z from 'zod';
import type { Task } from '../../core/task.ts';

/** The tasks by name; the catalogue of `lambdas/tasks/` is one. */
export type TasksByName = ReadonlyMap<string, { readonly task: Task }>;

/** The settings of one entry: the task's own input beside what every entry may have. */
export type EntrySettings = Readonly<Record<string, unknown>> & {
  readonly targets?: readonly string[];
  readonly required?: boolean;
  readonly timeoutSeconds?: number;
};

/** A task without settings, or one key: the task with its settings. */
export type TaskEntry = string | Readonly<Record<string, EntrySettings>>;
export type StepEntry = TaskEntry | { readonly parallel: readonly TaskEntry[] };

/** What an entry holds beside the task's inputs; no input may bear these names. */
export const ENTRY_FIELDS = ['targets', 'required', 'timeoutSeconds'] as const;

type StepsSchema = z.ZodType<readonly StepEntry[], readonly StepEntry[]>;

/** Making it costs more than using it, and a deployment reads many profiles with one catalogue. */
const made = new WeakMap<TasksByName, StepsSchema>();

/** The schema of a procedure's `tasks`, with the inputs of every task that exists. */
export function stepsSchema(catalogue: TasksByName): StepsSchema {
  const schema = made.get(catalogue) ?? makeStepsSchema(catalogue);
  made.set(catalogue, schema);
  return schema;
}

function makeStepsSchema(catalogue: TasksByName): StepsSchema {
  const inList = taskSchemas(catalogue, { requirable: true });
  const inGroup = taskSchemas(catalogue, { requirable: false });
  const parallel = z
    .array(entrySchema(inGroup, {}))
    .min(1)
    .describe('Tasks that run side by side; none of them can be required');
  const entry = entrySchema(inList, { parallel: parallel.optional() });
  const steps = z.array(entry).min(1).meta({ id: 'Tasks', description: 'Tasks in their order' });
  // The input stays as it is written: the task parses it again when it runs, and adds its defaults then.
  return steps as unknown as StepsSchema;
}

/** The schema of one task's settings as an entry outside of a group has them. */
export function settingsSchema(task: Task): z.ZodType {
  return settingsOf(task, { requirable: true });
}

interface Place {
  readonly requirable: boolean;
}

function taskSchemas(catalogue: TasksByName, place: Place): Record<string, z.ZodType> {
  const schemas: Record<string, z.ZodType> = {};
  for (const [name, { task }] of catalogue) schemas[name] = settingsOf(task, place).optional();
  return schemas;
}

function entrySchema(tasks: Readonly<Record<string, z.ZodType>>, group: Readonly<Record<string, z.ZodType>>) {
  const names = z.enum(Object.keys(tasks)).describe('A task with its defaults');
  const withSettings = z
    .strictObject({ ...tasks, ...group })
    .refine((entry) => Object.keys(entry).length === 1, 'needs exactly one task; give each its own - in the list')
    .meta({ minProperties: 1, maxProperties: 1 });
  return z.union([names, withSettings]);
}

function settingsOf(task: Task, { requirable }: Place): z.ZodType {
  const taken = ENTRY_FIELDS.filter((field) => field in task.input.shape);
  if (taken.length > 0) throw new Error(`${task.name}: an input cannot be called ${taken.join(' or ')}`);
  const targets = z
    .array(z.string())
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'names the same target twice')
    .describe(
      `The ${task.target} targets to act on; ${task.effect === 'destructive' ? 'must be named' : 'all by default'}`,
    );
  const timeoutSeconds = z
    .int()
    .min(1)
    .max(task.timeoutSeconds)
    .describe(`Seconds after which the task is stopped, lower than its own ${task.timeoutSeconds}`);
  const required = z.boolean().describe('Whether a fail or unknown of this task ends the run').optional();
  return task.input
    .safeExtend({
      targets: task.effect === 'destructive' ? targets : targets.optional(),
      timeoutSeconds: timeoutSeconds.optional(),
      ...(requirable && { required }),
    })
    .meta({ id: requirable ? task.name : `${task.name}-in-group`, description: task.summary });
}

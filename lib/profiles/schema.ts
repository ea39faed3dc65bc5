import * as z from 'zod';
import { parseSchedule } from '../../core/calendar/cron.ts';
import { timezoneProblem } from '../../core/calendar/timezone.ts';
import { parseWindow } from '../../core/calendar/window.ts';
import { DurationSeconds } from '../../core/duration.ts';
import { KIND_NAMES } from '../../core/platform.ts';
import { isReference, TARGET_KINDS, type TargetKind } from '../../core/target-kinds.ts';
import { addressRangeProblem } from './address-range.ts';
import { stepsSchema, type TasksByName } from './entry-schema.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { ProblemCode } from './problem.ts';

/** What every text that becomes part of a resource's name has in common. */
const NAME = /^[a-z][a-z0-9-]*$/;
const name = (longest: number) =>
  z.string().max(longest).regex(NAME, 'must be lower-case letters, digits and hyphens, and begin with a letter');

// The stack is called fettle-<platform>-<environment>, and most services cut their names at 64 characters.
const PlatformName = name(24).describe('The name of the platform, part of the name of everything in its account');
const EnvironmentName = name(24);
const ProcedureName = name(48);
const TargetName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower-case letters, digits, dots, hyphens or underscores');

interface TextProblem {
  readonly code: ProblemCode;
  readonly message: string;
}

/** A text with a reading of its own: the problem, where there is one, keeps its code. */
function readText(problemOf: (text: string) => TextProblem | undefined, means: string) {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem) context.addIssue({ code: 'custom', message: problem.message, params: { code: problem.code } });
    })
    .describe(means);
}

function problemIn(code: ProblemCode, parsed: object): TextProblem | undefined {
  return 'problem' in parsed ? { code, message: String(parsed.problem) } : undefined;
}

const Schedule = readText(
  (text) => problemIn('CFG_SCHEDULE', parseSchedule(text)),
  'When it is due, in the dialect of EventBridge Scheduler: cron(0 2 * * ? *) or rate(5 minutes)',
);
const Timezone = readText((text) => {
  const message = timezoneProblem(text);
  return message === undefined ? undefined : { code: 'TZ_UNKNOWN', message };
}, 'The time zone of schedule and window; UTC by default');
const Window = readText(
  (text) => problemIn('CFG_WINDOW', parseWindow(text)),
  'When it may run, half-open: 02:00-04:00; always by default',
);
const Budget = DurationSeconds.describe('How long a run may take: 30m, 1h30m; 30m by default');

const NOT_YET = 'Checked and kept; nothing acts on it yet.';

// As CloudWatch has it: any text without control characters.
const AlarmName = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !/\p{Cc}/u.test(name), 'must be the name of an alarm, without control characters');
const StartedBy = z
  .strictObject({ alarms: z.array(AlarmName).min(1).max(20).describe('Names of CloudWatch alarms') })
  .describe('What starts it besides its schedule, where the environment is deployed');

const PROCEDURE_FIELDS = {
  schedule: Schedule.optional(),
  timezone: Timezone.optional(),
  startedBy: StartedBy.optional(),
  window: Window.optional(),
  budget: Budget.optional(),
};

type AnyTarget = z.ZodType<Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>>;
const TARGET_FIELDS: Partial<Record<TargetKind, z.ZodOptional<z.ZodRecord<typeof TargetName, AnyTarget>>>> = {};
for (const kind of KIND_NAMES) {
  const schema: AnyTarget = TARGET_KINDS[kind].schema;
  TARGET_FIELDS[kind] = z.record(TargetName, schema).describe(`Targets of the kind ${kind} by name`).optional();
}
const Targets = z
  .strictObject(TARGET_FIELDS as Required<typeof TARGET_FIELDS>)
  .meta({ id: 'Targets', description: 'What the platform consists of, by kind and name' });

const Network = z
  .strictObject({
    vpc: z.string().regex(/^vpc-[0-9a-f]+$/, 'must be the id of a VPC: vpc-0abc'),
    subnets: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'must be the id of a subnet: subnet-0abc')).min(1),
    securityGroups: z.array(z.string().regex(/^sg-[0-9a-f]+$/, 'must be the id of a security group: sg-0abc')).min(1),
  })
  .describe('Where functions stand that must reach private targets');

export const ACCOUNT = /^\d{12}$/;
export const REGION = /^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/;

const Reference = z.string().refine((text) => isReference(text), {
  error: 'must be a reference: secret:…, env:… or file:…',
  params: { code: 'CFG_SECRET_INLINE' satisfies ProblemCode },
});
const Instant = z.string().refine((text) => z.iso.datetime({ offset: true }).safeParse(text).success, {
  error: 'must be an instant with its offset: 2026-12-24T00:00:00Z',
});
/** Sections whose form is settled and whose behaviour is not there: `sectionsNotActedOn` names them to people. */
export const LATER_SECTIONS = {
  notice: z.record(ProcedureName, DurationSeconds).describe(`How long before a run people are told. ${NOT_YET}`),
  approval: z
    .record(ProcedureName, z.strictObject({ approvers: z.string(), required: z.int().min(1).max(10).optional() }))
    .describe(`Who must approve the plan of a procedure. ${NOT_YET}`),
  people: z.record(name(48), z.array(z.string().min(1))).describe(`Groups of people. ${NOT_YET}`),
  notify: z
    .strictObject({
      slack: Reference.optional(),
      pagerduty: Reference.optional(),
      email: z.array(z.email()).min(1).optional(),
    })
    .describe(`Where news go. ${NOT_YET}`),
  escalation: z
    .array(z.strictObject({ after: DurationSeconds, to: z.string() }))
    .min(1)
    .describe(`Whom to call next, and after how long. ${NOT_YET}`),
  freezes: z
    .array(
      z
        .strictObject({ from: Instant, to: Instant, reason: z.string().min(1) })
        .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'ends before it begins'),
    )
    .describe(`When nothing may run. ${NOT_YET}`),
} as const;

/** The strict schema of a profile; it knows the tasks that exist and their inputs. */
export function profileSchema(catalogue: TasksByName) {
  const tasks = stepsSchema(catalogue);
  const Procedure = z.strictObject({ ...PROCEDURE_FIELDS, tasks });
  const Override = z.strictObject({ ...PROCEDURE_FIELDS, tasks: tasks.optional() });
  const Environment = z.strictObject({
    account: z
      .string()
      .regex(ACCOUNT, 'must be the 12 digits of an AWS account, in quotes')
      .describe('The 12 digits of the AWS account, in quotes')
      .optional(),
    region: z.string().regex(REGION, 'must be an AWS region: eu-west-1').describe('The AWS region').optional(),
    network: Network.optional(),
    targets: Targets,
    procedures: z
      .record(ProcedureName, Override)
      .describe('What differs here from the procedures of the platform; a field given replaces the common one')
      .optional(),
  });
  return z
    .strictObject({
      platform: PlatformName,
      environments: z.record(EnvironmentName, Environment).describe('prod, staging, …').optional(),
      targets: Targets.optional(),
      procedures: z
        .record(ProcedureName, Procedure)
        .describe('What is done, and when; without it `daily` of platforms/default.yaml, which only plans')
        .optional(),
      allowAddresses: z
        .array(readText(addressRangeProblem, 'A range: 10.0.0.0/8'))
        .describe('Private and loopback addresses that may be probed')
        .optional(),
      ...optionals(LATER_SECTIONS),
    })
    .describe('A platform under the care of Fettle');
}

/** The schema of `platforms/default.yaml`: the procedure of a profile that has none. */
export function defaultSchema(catalogue: TasksByName) {
  const Procedure = z.strictObject({ ...PROCEDURE_FIELDS, tasks: stepsSchema(catalogue) });
  return z.strictObject({ procedures: z.strictObject({ daily: Procedure }) });
}

export type ProfileSettings = z.input<ReturnType<typeof profileSchema>>;
export type EnvironmentSettings = NonNullable<ProfileSettings['environments']>[string];
export type ProcedureSettings = NonNullable<ProfileSettings['procedures']>[string];

/** The JSON Schema of a profile, for editors; the same catalogue gives the same text. */
export function platformJsonSchema(catalogue: TasksByName): z.core.JSONSchema.BaseSchema {
  return jsonSchemaOf(profileSchema(catalogue));
}

type Optionals<Shape extends z.core.$ZodShape> = { [Field in keyof Shape]: z.ZodOptional<Shape[Field]> };

function optionals<Shape extends z.core.$ZodShape>(shape: Shape): Optionals<Shape> {
  const entries = Object.entries(shape).map(([field, schema]) => [field, z.optional(schema)]);
  return Object.fromEntries(entries) as Optionals<Shape>;
}

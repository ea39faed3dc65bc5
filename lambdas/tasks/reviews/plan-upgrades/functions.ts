import { awsCommand } from '../_recommendation.ts';
import { addDays, dayOf, daysUntil } from './days.ts';
import { hopId, notKnown, type Ground, type Hop, type Note, type Said } from './hop.ts';
import type { Stage } from './stage.ts';
import { judgeSupport, nextVendorDate, type Support } from './support.ts';
import { RUNTIME_ENDS, VENDOR_DATES_AS_OF } from './vendor-dates.ts';
import { compareVersions, newestVersion } from './versions.ts';

/** A function of Lambda with a runtime of AWS; those of container images bring their own. */
export interface LambdaFunction {
  readonly name: string;
  readonly runtime: string;
  /** Read only where something is to be done. */
  readonly stage: Stage | undefined;
}

export interface FunctionRow {
  readonly function: string;
  readonly current_runtime: string;
  readonly recommended_runtime: string | null;
  readonly stage: Stage | null;
  readonly supported_until: string | null;
}

/** Until when Lambda patches a runtime; undefined where the table does not say. */
export function runtimeEnd(runtime: string, own: Readonly<Record<string, string>>): Date | undefined {
  const day = own[runtime] ?? RUNTIME_ENDS[runtime];
  return day === undefined ? undefined : new Date(`${day}T00:00:00Z`);
}

/** True where a runtime is to be looked at: its end is unknown, near or past. */
export function isRuntimeDue(runtime: string, { now, input }: Pick<Ground, 'now' | 'input'>): boolean {
  const end = runtimeEnd(runtime, input.runtimes);
  return end === undefined || daysUntil(end, now) <= Math.max(input.warnDays, input.urgentDays);
}

/** Judges the runtime of one function. */
export function judgeFunction({ name, runtime, stage }: LambdaFunction, ground: Ground): Said<FunctionRow> {
  const { now, input, region } = ground;
  const subject = `function ${name}`;
  const end = runtimeEnd(runtime, input.runtimes);
  const next = nextRuntime(runtime, ground);
  const row: FunctionRow = {
    function: name,
    current_runtime: runtime,
    recommended_runtime: next ?? null,
    stage: stage ?? null,
    supported_until: end ? dayOf(end) : null,
  };
  const versions = new Map([[subject, runtime]]);
  if (end === undefined) {
    const why = `the table of ${VENDOR_DATES_AS_OF} has no end of the runtime ${runtime}; give it in \`runtimes\``;
    return { rows: [row], hops: [], notes: [notKnown(subject, why)], versions };
  }
  if (!isRuntimeDue(runtime, ground)) return { rows: [row], hops: [], notes: [], versions };
  const support: Support = {
    standardEnd: end,
    extendedEnd: undefined,
    isExtended: false,
    atEnd: 'Lambda patches it no more, and later refuses to update the function',
  };
  const command =
    next && awsCommand(region, 'lambda', 'update-function-configuration', '--function-name', name, '--runtime', next);
  const notes: Note[] = judgeSupport(subject, `the runtime ${runtime}`, support, {
    limits: input,
    now,
    cost: undefined,
    command,
  });
  const due = nextVendorDate(support, now);
  const hops: Hop[] =
    next === undefined
      ? []
      : [
          {
            id: hopId('runtime', subject, runtime, next),
            kind: 'runtime',
            family: languageOf(runtime),
            subject,
            stage: stage ?? 'critical',
            from: runtime,
            to: next,
            step: 1,
            after: [],
            ...(due && { dueBy: due }),
            preChecks: [`the code of ${name} and its dependencies pass their tests on ${next}`],
            ...(command !== undefined && { command }),
          },
        ];
  return { rows: [row], hops, notes, versions };
}

/** The newest runtime of the same language that is patched for a year more. */
function nextRuntime(runtime: string, { now, input }: Ground): string | undefined {
  const language = languageOf(runtime);
  const others = Object.keys({ ...RUNTIME_ENDS, ...input.runtimes }).filter((one) => {
    const end = runtimeEnd(one, input.runtimes);
    return (
      languageOf(one) === language && compareVersions(one, runtime) > 0 && end !== undefined && end > addDays(now, 365)
    );
  });
  return newestVersion(others);
}

/** `nodejs22.x` is of `nodejs`; both of .NET are of `dotnet`, and what Go compiles to runs on the bare system. */
function languageOf(runtime: string): string {
  const name = /^[a-z]+/.exec(runtime)?.[0] ?? runtime;
  return name === 'dotnetcore' ? 'dotnet' : name === 'go' ? 'provided' : name;
}

import { messageOf } from '../core/errors.ts';
import { NEED_STATES, type Need } from '../core/need.ts';
import { entriesOf, type Entry, type ResolvedPlatform } from '../core/platform.ts';
import { redact, type Secret } from '../core/secret.ts';
import type { Target, TargetKind } from '../core/target-kinds.ts';
import type { Task } from '../core/task.ts';
import type { Catalogue } from '../lambdas/catalogue.ts';
import { visible } from '../lambdas/report/markup.ts';
import { withoutSecrets } from '../lambdas/runtime/records.ts';
import { resolveTarget } from '../lambdas/runtime/references.ts';
import { secretsOf } from '../lambdas/runtime/step-targets.ts';

/** A need of one target, with every task that has it. */
export interface ExaminedNeed extends Need {
  readonly kind: TargetKind;
  readonly tasks: readonly string[];
}

const LONGEST_LOOK_SECONDS = 30;

interface DoctorOptions {
  readonly platform: ResolvedPlatform;
  readonly catalogue: Catalogue;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Looks at every target that a procedure uses: whether it can be reached, what is allowed there and what is missing. */
export async function examineTargets(options: DoctorOptions): Promise<ExaminedNeed[]> {
  const { platform, catalogue } = options;
  const entries = Object.values(platform.procedures).flatMap(entriesOf);
  const examined: ExaminedNeed[] = [];
  for (const entry of entries) {
    const found = catalogue.get(entry.task);
    if (!found) continue;
    for (const target of entry.targets) {
      const needs = await needsOf(found.task, entry, target, options);
      examined.push(...needs.map((need) => ({ ...need, kind: entry.kind, tasks: [entry.task] })));
    }
  }
  return joined([...examined, ...unusedTargets(platform, entries)]);
}

async function needsOf(task: Task, entry: Entry, name: string, options: DoctorOptions): Promise<Need[]> {
  const { platform, now } = options;
  const unknown = (detail: string): Need[] => [{ target: name, need: 'be reached', state: 'unknown', detail }];
  if (!task.needs) return unknown(`${task.name} does not say what it needs`);
  const timeout = AbortSignal.timeout(LONGEST_LOOK_SECONDS * 1_000);
  const secrets: Secret[] = [];
  try {
    const target: Target = await resolveTarget(entry.kind, name, platform.targets[entry.kind]?.[name] ?? {});
    secrets.push(...secretsOf(target));
    const context = {
      input: task.input.parse(entry.input),
      targets: [target],
      now,
      deadline: new Date(now.getTime() + LONGEST_LOOK_SECONDS * 1_000),
      signal: AbortSignal.any([timeout, options.signal]),
      sessionName: 'fettle:doctor',
      allowAddresses: platform.allowAddresses,
    };
    const needs = await Promise.race([task.needs(context as never), ended(context.signal)]);
    return needs ? [...withoutSecrets(needs, secrets)] : unknown(`it did not answer within ${LONGEST_LOOK_SECONDS} s`);
  } catch (thrown) {
    return unknown(redact(messageOf(thrown), secrets));
  }
}

function ended(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  return promise;
}

function unusedTargets({ targets }: ResolvedPlatform, entries: readonly Entry[]): ExaminedNeed[] {
  return Object.entries(targets).flatMap(([kind, named]) =>
    Object.keys(named)
      .filter((name) => !entries.some((entry) => entry.kind === kind && entry.targets.includes(name)))
      .map((name) => ({
        kind: kind as TargetKind,
        target: name,
        need: 'be used',
        state: 'missing' as const,
        detail: 'no task of any procedure looks at it',
        tasks: [],
      })),
  );
}

/** One line for each need, whatever the number of tasks that have it; the worst that one of them saw stands. */
function joined(needs: readonly ExaminedNeed[]): ExaminedNeed[] {
  const groups = Map.groupBy(needs, ({ kind, target, need }) => JSON.stringify([kind, target, need]));
  return [...groups.values()].flatMap((same) => {
    const [worst] = same.toSorted((a, b) => badness(b) - badness(a));
    return worst ? [{ ...worst, tasks: [...new Set(same.flatMap(({ tasks }) => tasks))] }] : [];
  });
}

function badness({ state }: Need): number {
  return ['met', 'unknown', 'missing'].indexOf(state);
}

/** What was found, target by target, as a person reads it in a terminal. */
export function doctorText(needs: readonly ExaminedNeed[]): string {
  const targets = Map.groupBy(needs, ({ kind, target }) => `${kind} ${target}`);
  const parts = [...targets].map(([title, its]) => [visible(title), ...its.flatMap(needLines)].join('\n'));
  const counts = NEED_STATES.map((state) => `${needs.filter((need) => need.state === state).length} ${state}`);
  return `${[...parts, counts.join(', ')].join('\n\n')}\n`;
}

function needLines({ state, need, detail, grant, tasks }: ExaminedNeed): string[] {
  const whose = tasks.length === 0 ? '' : ` (${tasks.join(', ')})`;
  const given = (grant ?? '').split('\n').filter((line) => line !== '');
  return [
    `  ${state.padEnd(8)} ${visible(need)}: ${visible(detail)}${state === 'met' ? '' : whose}`,
    ...given.map((line) => `             ${visible(line)}`),
  ];
}

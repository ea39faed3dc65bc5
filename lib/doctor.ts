import { messageOf } from '../core/errors.ts';
import type { Need } from '../core/need.ts';
import { entriesOf, type Entry, type ResolvedPlatform } from '../core/platform.ts';
import { redact, type Secret } from '../core/secret.ts';
import type { Target, TargetKind } from '../core/target-kinds.ts';
import type { Task } from '../core/task.ts';
import type { Catalogue } from '../lambdas/catalogue.ts';
import { withoutSecrets } from '../lambdas/runtime/records.ts';
import { ownCredentials, resolveTarget } from '../lambdas/runtime/references.ts';
import { secretsOf } from '../lambdas/runtime/step-targets.ts';

/** A need of one target, with every task that has it. */
export interface ExaminedNeed extends Need {
  readonly kind: TargetKind;
  readonly tasks: readonly string[];
}

const LONGEST_LOOK_SECONDS = 30;
/** So many looks at once: several tasks may look at one server, and none of them may feel it. */
const CONCURRENCY = 8;

interface DoctorOptions {
  readonly platform: ResolvedPlatform;
  readonly catalogue: Catalogue;
  readonly now: Date;
  readonly signal: AbortSignal;
}

interface Look {
  readonly task: Task;
  readonly entry: Entry;
  readonly target: string;
}

/** Looks at every target that a procedure uses: whether it can be reached, what is allowed there and what is missing. */
export async function examineTargets(options: DoctorOptions): Promise<ExaminedNeed[]> {
  const { platform, catalogue } = options;
  const entries = Object.values(platform.procedures).flatMap(entriesOf);
  const looks = entries.flatMap((entry): Look[] => {
    const found = catalogue.get(entry.task);
    return found ? entry.targets.map((target) => ({ task: found.task, entry, target })) : [];
  });
  const examined: ExaminedNeed[][] = looks.map(() => []);
  const started = performance.now();
  const queue = looks.entries();
  async function work(): Promise<void> {
    for (const [place, look] of queue) {
      // A look that begins late has its whole time all the same.
      const now = new Date(options.now.getTime() + performance.now() - started);
      const needs = await needsOf(look, { ...options, now });
      examined[place] = needs.map((need) => ({ ...need, kind: look.entry.kind, tasks: [look.entry.task] }));
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return joined([...examined.flat(), ...unusedTargets(platform, entries)]);
}

async function needsOf({ task, entry, target: name }: Look, options: DoctorOptions): Promise<Need[]> {
  const { platform, now, signal } = options;
  const unknown = (detail: string): Need[] => [{ target: name, need: 'be reached', state: 'unknown', detail }];
  if (signal.aborted) return unknown('it was not looked at: the look was interrupted');
  if (!task.needs) return unknown(`${task.name} does not say what it needs`);
  const timeout = AbortSignal.timeout(LONGEST_LOOK_SECONDS * 1_000);
  const secrets: Secret[] = [];
  try {
    const target: Target = await resolveTarget(entry.kind, name, platform.targets[entry.kind]?.[name] ?? {});
    secrets.push(...secretsOf(target), ...ownCredentials());
    const context = {
      input: task.input.parse(entry.input),
      targets: [target],
      now,
      deadline: new Date(now.getTime() + LONGEST_LOOK_SECONDS * 1_000),
      signal: AbortSignal.any([timeout, signal]),
      sessionName: 'fettle:doctor',
      allowAddresses: platform.allowAddresses,
    };
    const needs = await Promise.race([task.needs(context as never), ended(context.signal)]);
    if (!needs) {
      return unknown(
        signal.aborted ? 'the look was interrupted' : `it did not answer within ${LONGEST_LOOK_SECONDS} s`,
      );
    }
    if (needs.length > 0) return [...withoutSecrets(needs, secrets)];
    return [{ target: name, need: 'be there', state: 'met', detail: `${task.name} needs nothing of it` }];
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

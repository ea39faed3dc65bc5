import type { Entry, Procedure, ResolvedPlatform } from '../../core/platform.ts';

/** An entry of a procedure; its index is set by `procedureOf`. */
export function entryOf(task: string, settings: Partial<Entry> = {}): Entry {
  return {
    index: 1,
    task,
    kind: 'endpoints',
    effect: 'read-only',
    pauses: false,
    input: {},
    targets: ['one'],
    required: false,
    timeoutSeconds: 60,
    ...settings,
  };
}

/** A procedure of entries and of lists of entries side by side, numbered as the profile numbers them. */
export function procedureOf(steps: readonly (Entry | readonly Entry[])[]): Procedure {
  let index = 0;
  const numbered = (entry: Entry): Entry => ({ ...entry, index: (index += 1) });
  return {
    name: 'daily',
    timezone: 'UTC',
    budgetSeconds: 1_800,
    planOnly: false,
    steps: steps.map((step) => (isList(step) ? { parallel: step.map(numbered) } : numbered(step))),
  };
}

export function platformOf(procedure: Procedure, platform = 'shop'): ResolvedPlatform {
  const procedures = { [procedure.name]: procedure };
  return { schemaVersion: 1, platform, environment: 'prod', allowAddresses: [], targets: {}, procedures };
}

function isList(step: Entry | readonly Entry[]): step is readonly Entry[] {
  return Array.isArray(step);
}

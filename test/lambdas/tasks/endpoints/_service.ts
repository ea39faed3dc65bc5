import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/endpoints/check-health.ts';
import { resultOf } from '../../../harness/perform-task.ts';

export interface Checked {
  /** `kind`s in alphabetical order. */
  readonly kinds: readonly string[];
  /** The summaries of the findings by kind. */
  readonly summaries: Readonly<Record<string, string>>;
  readonly subjects: readonly string[];
  readonly commands: readonly string[];
  readonly measurements: readonly string[];
}

/** Checks one endpoint, named `shop`, with the task. */
export async function check(
  url: string,
  input: Readonly<Record<string, Json>> = {},
  options: {
    readonly settings?: Readonly<Record<string, Json>>;
    readonly now?: Date;
    readonly timeoutSeconds?: number;
    readonly allowAddresses?: readonly string[];
  } = {},
): Promise<Checked> {
  const { settings = {}, ...rest } = options;
  const { findings, measurements } = await resultOf({ task, targets: { shop: { url, ...settings } }, input, ...rest });
  return {
    kinds: findings.map(({ kind }) => kind).sort(),
    summaries: Object.fromEntries(findings.map(({ kind, summary }) => [kind, summary])),
    subjects: findings.flatMap(({ subject }) => subject ?? []),
    commands: findings.flatMap(({ command }) => command ?? []),
    measurements: measurements.map(({ name }) => name),
  };
}

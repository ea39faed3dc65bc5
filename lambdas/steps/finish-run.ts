import * as z from 'zod';
import { isRefused, RunPointer } from '../../core/run.ts';
import { type Verdict, type VerdictCounts } from '../../core/verdict.ts';
import type { ChainPlace } from '../runtime/evidence.ts';
import { stepHandler, type StepRuntime } from '../runtime/handler.ts';
import { endRun, requireStarted } from './_end-run.ts';

const Caught = z.object({ Error: z.string(), Cause: z.string().optional() });

/** The state of the machine: the run, and what its states caught, by step or by group of steps. */
export const FinishEvent = z.object({
  run: RunPointer,
  caught: z.record(z.string(), z.union([Caught, z.record(z.string(), z.union([Caught, z.null()]))])),
});
export type FinishEvent = z.infer<typeof FinishEvent>;

export interface Finished {
  readonly runKey: string;
  readonly verdict: Verdict;
  readonly counts: VerdictCounts;
  /** Step Functions keeps it with the execution, out of reach of whoever can write to the store. */
  readonly link: ChainPlace;
}

/** Ends a run whose states have all come to an end. */
export async function finishRun({ run, caught }: FinishEvent, runtime: StepRuntime): Promise<Finished> {
  const started = await requireStarted(run.key, runtime);
  const { report, link } = await endRun(
    run.key,
    { ended: isRefused(started) ? 'refused' : 'finished', caught: byStep(caught) },
    runtime,
  );
  return { runKey: run.key, verdict: report.verdict, counts: report.counts, link };
}

/** Step number to error, from keys such as `s03` and, within a group, `g02.s04`. */
function byStep(caught: FinishEvent['caught']): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [key, value] of Object.entries(caught)) {
    const inner = isCaught(value) ? { [key]: value } : value;
    for (const [step, error] of Object.entries(inner)) {
      if (error && isCaught(error)) errors[String(Number(step.slice(1)))] = textOf(error);
    }
  }
  return errors;
}

function isCaught(value: object): value is z.infer<typeof Caught> {
  return 'Error' in value && typeof value.Error === 'string';
}

function textOf({ Error: name, Cause: cause = '' }: z.infer<typeof Caught>): string {
  const message = /"errorMessage":\s*"((?:[^"\\]|\\.)*)"/.exec(cause)?.[1] ?? cause;
  return `${name}: ${message}`.slice(0, 500);
}

export const handler = stepHandler((event, runtime) => finishRun(FinishEvent.parse(event), runtime));

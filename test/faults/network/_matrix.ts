import { acceptResult, judgeStep } from '../../../lambdas/runtime/judge-step.ts';
import type { Verdict } from '../../../core/verdict.ts';
import type { Performance } from '../../harness/perform-task.ts';
import { toEnd } from '../../lambdas/tasks/postgres/_database.ts';
import { startDeafPort, startFaultProxy, type Fault, type Pace } from '../../servers/fault-proxy.ts';

/** One way in which the line to a target goes wrong, and what must then be said of the target. */
export interface Row {
  /** Ends the sentence «where the line …». */
  readonly title: string;
  readonly fault?: Fault;
  readonly pace?: Pace;
  readonly refuses?: boolean;
  /** Nobody takes the connection, and nobody turns it away. */
  readonly isDeaf?: boolean;
  /** What is said of the target. */
  readonly words: RegExp;
}

/** What a run of a task knows of its targets in the end. */
export interface Seen {
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** The kinds and summaries of the findings, by target. */
  readonly said: Readonly<Record<string, string>>;
  /** The targets of which anything was measured. */
  readonly measured: readonly string[];
}

/** Performs a task to its end and gives its targets the verdicts that the runtime would give them. */
export async function see(performance: Performance): Promise<Seen> {
  const { task } = performance;
  const names = Object.keys(performance.targets);
  const { result } = await toEnd(performance);
  const accepted = acceptResult(task, names, result);
  if ('nonsense' in accepted) throw new Error(accepted.nonsense);
  const { targets, findings, measurements } = judgeStep(task, names, accepted.result, []);
  const said = Map.groupBy(findings, ({ target }) => target);
  return {
    verdicts: Object.fromEntries(targets.map(({ target, verdict }) => [target, verdict])),
    said: Object.fromEntries(
      [...said].map(([target, its]) => [target, its.map(({ kind, summary }) => `${kind}: ${summary}`).join('\n')]),
    ),
    measured: [...new Set(measurements.map(({ target }) => target))],
  };
}

/** What is seen over lines to a server of this machine that are each broken as their row says, by the title of the row. */
export async function seeOver(
  rows: readonly Omit<Row, 'words'>[],
  serverPort: number,
  look: (port: number) => Promise<Seen>,
): Promise<ReadonlyMap<string, Seen>> {
  const deaf = rows.some(({ isDeaf }) => isDeaf) ? await startDeafPort() : undefined;
  const seen = rows.map(async ({ title, fault, pace = {}, refuses, isDeaf }) => {
    const proxy = await startFaultProxy(serverPort);
    Object.assign(proxy, { fault, pace });
    if (refuses) proxy.refuse();
    try {
      const saw = await look(isDeaf && deaf ? deaf.port : proxy.port);
      // A row whose fault never came would prove nothing.
      if (fault && proxy.counts.faults === 0) throw new Error(`no connection met a fault where the line ${title}`);
      return [title, saw] as const;
    } finally {
      proxy.close();
    }
  });
  try {
    return new Map(await Promise.all(seen));
  } finally {
    await deaf?.close();
  }
}

/** Lines that are bad and carry everything: nobody may be accused for them. */
export const BAD_LINES: readonly Omit<Row, 'words'>[] = [
  { title: 'takes its time and is not even in that', pace: { latencyMs: 10, jitterMs: 30 } },
  { title: 'breaks every answer into small pieces', pace: { sliceBytes: 1_400, gapMs: 1 } },
];

import type { Act, Action } from '../../../core/action.ts';
import type { LogFolder } from './_log-folder.ts';
import type { OpennessJudge } from './_openness.ts';
import type { RetentionLimits } from './_retention.ts';

/** What the work on one target needs of its step. */
export interface RetentionWork {
  readonly target: string;
  readonly limits: RetentionLimits;
  readonly exempt: readonly string[];
  readonly maxChanges: number;
  readonly maxPercent: number;
  readonly reserveBytes: number;
  readonly now: Date;
  readonly clock: () => Date;
  readonly deadline: Date;
  readonly signal: AbortSignal;
  readonly mode: 'execute' | 'plan';
  readonly act: Act;
}

/** The work on a folder. */
export interface FolderWork extends RetentionWork {
  readonly root: LogFolder;
  readonly openness: OpennessJudge;
  readonly scope: Action['scope'];
}

import { Corrupt, Refused, Unavailable } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { Started } from '../../core/run.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { bundleHandlers, withProfile } from '../bundle.ts';
import { requireOwnRegion } from '../deployed/own-region.ts';
import { knownProcedure } from '../profiles/known-procedure.ts';
import { reapExecution, reapLocally } from './reap-locally.ts';
import { type Progress, runLocally } from './run-locally.ts';
import { prepareFolders, type Workspace } from './workspace.ts';

export interface RunRequest {
  readonly workspace: Workspace;
  readonly procedure: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Gets the runs that an earlier process left open and that were ended now. */
  readonly onReaped: (runKeys: readonly string[]) => void;
  /** Gets what keeps an earlier run from being ended; without it that keeps this one from beginning, too. */
  readonly onProblem?: (problem: string) => void;
}

export interface RunResult {
  readonly report: RunReport;
  readonly started: Started;
  readonly runKey: string;
  readonly interrupted: boolean;
}

/** Runs a procedure on this machine to its report, ending first what earlier runs left open. */
export async function performRun(request: RunRequest): Promise<RunResult> {
  const { workspace, procedure, input, signal, onProgress } = request;
  const { platform, store } = workspace;
  knownProcedure(platform, procedure, workspace.profile.file);
  refuseDeployed(workspace, input);
  await prepareFolders(workspace);
  const bundles = await withProfile(await bundleHandlers(), platform);
  // What has to be ended is ended although the person has pressed Ctrl-C.
  const reap = { ...workspace, bundles, signal: new AbortController().signal };
  const tell = (problem: string) => {
    if (!request.onProblem) throw new Corrupt(problem);
    request.onProblem(problem);
  };
  request.onReaped(await reapLocally(reap, tell));
  if (signal.aborted) throw new Refused('RUN_INTERRUPTED', 'interrupted before the run began; nothing was changed');
  const end = await runLocally({ ...workspace, procedure, input, bundles, signal, onProgress });
  if (end.status !== 'SUCCEEDED') {
    const because = signal.aborted ? 'interrupted by the person who started it' : (end.error ?? 'the engine failed');
    await reapExecution(reap, end.execution, end.status, because);
  }
  if (end.runKey === undefined && signal.aborted)
    throw new Refused('RUN_INTERRUPTED', 'interrupted while the run began; no task was started');
  if (end.runKey === undefined) throw new Unavailable(`the run did not begin: ${end.error ?? end.status}`);
  if (end.duplicate) throw new Refused('RUN_DUPLICATE', `${end.runKey} is there already; a run happens once`);
  const keys = runKeys(end.runKey);
  const report = await readRecord(store, keys.report, RunReport);
  const started = await readRecord(store, keys.started, Started);
  if (!report || !started) throw new Unavailable(`the run ended without a report: ${end.error ?? end.status}`);
  return { report: report.value, started: started.value, runKey: end.runKey, interrupted: signal.aborted };
}

/** The leases of a deployed environment are in its bucket; with any other store it can only be planned. */
function refuseDeployed({ platform, deployment }: Workspace, input: RunRequest['input']): void {
  const { account, environment } = platform;
  if (deployment) return requireOwnRegion(deployment.home);
  if (account === undefined || input['mode'] === 'plan') return;
  throw new Refused(
    'RUN_ELSEWHERE',
    `${platform.platform} ${environment} belongs to account ${account} and keeps its leases there; ` +
      'from this machine it can only be planned: fettle plan',
  );
}

import type { RunReport } from '../../../core/report.ts';
import { resourceName, stackName } from '../../../state-machines/names.ts';
import type { Account, Platform } from './account.ts';
import { covers } from './iam-pattern.ts';
import { forgetRetention } from './planting.ts';
import { putPolicy, readRole, rightsOf, without, type FunctionRole, type Right } from './role-policy.ts';

/** A task of a platform, with the role of its function as it was deployed. */
export interface TaskRole {
  readonly platform: Platform;
  readonly task: string;
  readonly role: FunctionRole;
}

/** What a role has without which every task goes on as before, with the reason. Nothing else is left out. */
export const UNMISSED: readonly (Right & { readonly because: string })[] = [
  {
    action: 'logs:CreateLogStream',
    resource: '*:log-group:/aws/vendedlogs/*',
    because: 'the Lambda service writes the log of a function, and the emulator does so without its role',
  },
  {
    action: 'logs:PutLogEvents',
    resource: '*:log-group:/aws/vendedlogs/*',
    because: 'the Lambda service writes the log of a function, and the emulator does so without its role',
  },
  { action: 'xray:Put*', resource: '*', because: 'the Lambda service sends the traces, and the emulator takes none' },
];

export async function taskRole(
  { cloud }: Account,
  { platform, task }: { readonly platform: Platform; readonly task: string },
): Promise<TaskRole> {
  const functionName = resourceName(stackName(platform, 'prod'), task);
  return { platform, task, role: await readRole(cloud, functionName) };
}

/**
 * The rights of a role that its task should miss. Those that it misses only after it has acted come last: the others
 * leave its targets as they are, so that each time it finds something to do.
 */
export function missedRights({ role }: TaskRole): Right[] {
  const rights = rightsOf(role.policy).filter((right) => !isUnmissed(right));
  return [...rights.filter((right) => !isMissedLate(right)), ...rights.filter(isMissedLate)];
}

/** The rights of a role that nothing misses here. */
export function unmissedRights({ role }: TaskRole): Right[] {
  return rightsOf(role.policy).filter(isUnmissed);
}

function isUnmissed(right: Right): boolean {
  return UNMISSED.some((one) => covers(one, right));
}

function isMissedLate({ action, resource }: Right): boolean {
  return action === 's3:PutObject' && /\/(steps|baselines)\//.test(resource);
}

/** A role with what is to be taken away from it. */
export interface Removal extends TaskRole {
  readonly taken: readonly Right[];
}

/** Runs a procedure while some roles lack some rights, and gives them back. */
export async function runWithout(
  account: Account,
  removals: readonly Removal[],
  { platform, procedure }: { readonly platform: Platform; readonly procedure: string },
): Promise<RunReport> {
  const { cloud } = account;
  await forgetRetention(cloud);
  try {
    for (const { role, taken } of removals) await putPolicy(cloud, role, without(role.policy, withWider(role, taken)));
    return await account.run(platform, procedure);
  } finally {
    for (const { role } of removals) await putPolicy(cloud, role, role.policy);
  }
}

/** With the rights of the same role that would do instead. */
function withWider({ policy }: FunctionRole, taken: readonly Right[]): Right[] {
  return rightsOf(policy).filter((one) => taken.some((right) => covers(one, right)));
}

/**
 * The targets of a task that it could not judge without this right and says so: `unknown`; or `fail` where the right
 * was to change something, for then it is known that it is not as it should be.
 */
export function targetsMissing({ findings }: RunReport, { task, taken }: Removal): string[] {
  const said = findings.filter(
    (finding) =>
      finding.task === task &&
      taken.every(({ action }) => finding.summary.includes(action)) &&
      (finding.severity === 'unknown' || finding.kind === 'action-failed'),
  );
  return [...new Set(said.map(({ target }) => target))];
}

/** Everything in a report that AWS refused. */
export function refusals({ findings }: RunReport): string[] {
  return findings
    .filter(({ summary }) => /AccessDenied|not authorized/.test(summary))
    .map(({ task, target, summary }) => `${task} ${target}: ${summary}`);
}

/** How each target of each task came out, and which kinds of finding it has: what a right that is not needed leaves alone. */
export function outcomes({ tasks, findings }: RunReport): { readonly task: string; readonly outcome: string }[] {
  return tasks.flatMap(({ task, targets }) =>
    targets.map(({ target, verdict }) => {
      const own = findings.filter((finding) => finding.task === task && finding.target === target);
      const kinds = [...new Set(own.map(({ kind }) => kind))].sort();
      return { task, outcome: `${target} ${verdict}: ${kinds.join(', ')}` };
    }),
  );
}

import { coded } from '../../core/error-codes.ts';
import { entriesOf, KIND_NAMES, type ResolvedPlatform } from '../../core/platform.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import { pathText, type Path, type ProblemCode } from './problem.ts';
import { ACCOUNT, REGION } from './schema.ts';

/** Why an environment cannot be deployed although it can be run on one machine. */
export interface DeployProblem {
  readonly code: ProblemCode;
  readonly path: string;
  readonly message: string;
  /** The whole sentence for people. */
  readonly text: string;
}

/**
 * What of an environment with an account exists only on one machine, and so cannot be deployed; every problem at once.
 *
 * An environment without an account is never deployed and has no such problem.
 */
export function deployProblems(resolved: ResolvedPlatform): readonly DeployProblem[] {
  const { platform, environment, account, region } = resolved;
  if (account === undefined) return [];
  const problems: DeployProblem[] = [];
  const refuse = (code: ProblemCode, place: Path, message: string) => {
    const path = pathText(['environments', environment, ...place]);
    problems.push({ code, path, message, text: coded(`${platform}: ${path}: ${message}`, code) });
  };

  if (!ACCOUNT.test(account)) refuse('CFG_VALUE', ['account'], 'must be the 12 digits of an AWS account');
  if (region === undefined) refuse('CFG_MISSING', ['region'], 'is missing; a deployed environment has one: eu-west-1');
  else if (!REGION.test(region)) refuse('CFG_VALUE', ['region'], 'must be an AWS region: eu-west-1');

  for (const kind of KIND_NAMES) {
    const addresses: readonly string[] = TARGET_KINDS[kind].addresses;
    for (const [name, settings] of Object.entries(resolved.targets[kind] ?? {})) {
      for (const field of addresses) {
        const message = machineOnly(settings[field]);
        if (message !== undefined) refuse('CFG_MACHINE_ONLY', ['targets', kind, name, field], message);
      }
    }
  }
  if (Object.values(resolved.procedures).every((procedure) => entriesOf(procedure).length === 0)) {
    refuse('CFG_NO_TASKS', ['procedures'], 'hold no task that could be deployed');
  }
  return problems;
}

function machineOnly(address: unknown): string | undefined {
  if (typeof address !== 'string') return undefined;
  if (address.startsWith('file://')) {
    return 'is a folder of one machine, which a deployed environment cannot read; use s3://… or another address';
  }
  const reference = /^(env|file):/.exec(address)?.[1];
  if (reference === undefined) return undefined;
  return `is kept on one machine (${reference}:…), which a deployed environment cannot read; use secret:…`;
}

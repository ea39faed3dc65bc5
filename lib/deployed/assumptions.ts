import type { ResolvedPlatform } from '../../core/platform.ts';
import { ACTIONS_PER_CHANGE, DEFAULT_TASK_SECONDS } from './usage.ts';

/** What a cost takes for granted and what it leaves out, a sentence each. */
export function assumptionsOf(platform: ResolvedPlatform, taskSeconds: ReadonlyMap<string, number>) {
  const measured = `${taskSeconds.size} tasks take as long as in the latest run of their procedure`;
  const unscheduled = Object.values(platform.procedures).filter(({ schedule }) => schedule === undefined);
  return {
    assumed: [
      taskSeconds.size > 0
        ? `${measured}, every other one ${DEFAULT_TASK_SECONDS} s`
        : `each task takes ${DEFAULT_TASK_SECONDS} s; --measured takes what the latest runs took`,
      'each task that may pause pauses once a run, and nothing is tried again',
      `each target that a task may change is changed in ${ACTIONS_PER_CHANGE} places`,
      'one address gets an e-mail of each run; records and logs are those of a year',
    ],
    notCounted: [
      'free tiers, discounts and taxes',
      'what the targets themselves cost, and what is read of them: secrets, logs, databases, transfer',
      ...(unscheduled.length > 0
        ? [`runs of ${unscheduled.map(({ name }) => name).join(', ')}: nobody knows how often`]
        : []),
      ...(platform.network
        ? [
            `the way out of ${platform.network.vpc}: an interface endpoint of each service that tasks in it call is about ` +
              `7.30 USD a month for each of its ${platform.network.subnets.length} zones (VpcEndpoint-Hours), a NAT gateway ` +
              'about 32.85 (NatGateway-Hours), both and their traffic beside it; the endpoint of S3 is free',
          ]
        : []),
    ],
  };
}

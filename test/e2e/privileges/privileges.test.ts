import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ResolvedPlatform } from '../../../core/platform.ts';
import type { RunReport } from '../../../core/report.ts';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { examplePlatform } from '../../../lib/docs/example-platform.ts';
import { findDeployments } from '../../../lib/stacks/deployments.ts';
import { python, withServers } from '../with-servers.ts';
import { entriesIn, PLATFORMS, profileOf, startAccount, type Account } from './account.ts';
import * as cases from './cases.ts';
import { uncoveredCalls, unusedRights } from './coverage.ts';
import { readRoles, textOf } from './role-policy.ts';
import { sampled, sampleFrom } from './sample.ts';

const sample = sampleFrom(process.env);
const catalogue = await loadCatalogue();
const tasks = await Array.fromAsync(PLATFORMS, async (platform) =>
  [...(await entriesIn(platform)).keys()].map((task) => ({ platform, task })),
).then((lists) => lists.flat());

/** What a task asks for on a platform, by action. */
function actionsFor(task: string, platform: ResolvedPlatform): string[] {
  return (catalogue.get(task)?.task.permissions(platform) ?? []).flatMap(({ actions }) => actions);
}

describe('the platforms of these tests', () => {
  test('have every task of the catalogue', () => {
    const named = new Set(tasks.map(({ task }) => task));

    expect([...catalogue.keys()].filter((task) => !named.has(task))).toEqual([]);
  });

  test('have targets for which each task asks for every action that it ever asks for', async () => {
    const now = new Date();
    const found = await Promise.all(
      PLATFORMS.map((platform) => findDeployments({ catalogue, now, platform: profileOf(platform) })),
    );
    const deployed = found.flatMap((one) => ('deployments' in one ? one.deployments : []));
    expect(deployed).toHaveLength(PLATFORMS.length);

    for (const task of catalogue.keys()) {
      const own = deployed
        .filter(({ platform }) => tasks.some((one) => one.task === task && one.platform === platform))
        .flatMap((platform) => actionsFor(task, platform));
      const lacking = actionsFor(task, examplePlatform()).filter((action) => !own.includes(action));
      expect({ task, lacking }).toEqual({ task, lacking: [] });
    }
  });
});

withServers('deployed with signatures and policies enforced', () => {
  let account: Account;
  let roles: readonly cases.TaskRole[];
  let all: readonly cases.Removal[];
  let chosen: readonly cases.Removal[];

  beforeAll(async () => {
    account = await startAccount(python);
    roles = await Array.fromAsync(tasks, (one) => cases.taskRole(account, one));
    all = roles.flatMap((one) => cases.missedRights(one).map((right) => ({ ...one, taken: [right] })));
    chosen = sampled(all, sample, caseText);
    const how = sample.size === undefined ? '' : `, chosen by FETTLE_PRIVILEGES_SEED=${sample.seed}`;
    process.stderr.write(`${chosen.length} of ${all.length} rights are taken away${how}\n`);
  });
  afterAll(() => account.stop());

  test.each(tasks)('$task on $platform says which right it lacks', async ({ platform, task }) => {
    const own = chosen.filter((one) => one.platform === platform && one.task === task);

    const silent: string[] = [];
    for (const removal of own) {
      const report = await cases.runWithout(account, [removal], { platform, procedure: task });
      if (cases.targetsMissing(report, removal).length > 0) continue;
      silent.push(
        `${caseText(removal)}: ${cases
          .outcomes(report)
          .map(({ outcome }) => outcome)
          .join('; ')}`,
      );
    }

    expect(silent).toEqual([]);
  });

  describe.each(PLATFORMS)('of the platform %s', (platform) => {
    const everything = { platform, procedure: 'everything' };
    let whole: RunReport;

    beforeAll(async () => {
      // The first one mends what is planted and has nothing to compare with.
      await cases.runWithout(account, [], everything);
      whole = await cases.runWithout(account, [], everything);
    });

    test('every task has all rights that it needs', () => {
      expect(cases.refusals(whole)).toEqual([]);
      expect(whole.tasks.filter(({ recorded }) => !recorded)).toEqual([]);
      expect(whole.tasks).toHaveLength(tasks.filter((one) => one.platform === platform).length);
    });

    test('no task misses the rights that it never uses itself', async () => {
      const own = roles.filter((one) => one.platform === platform);
      const removals = own.map((one) => ({ ...one, taken: cases.unmissedRights(one) }));
      expect(removals.filter(({ taken }) => taken.length === 0)).toEqual([]);

      const report = await cases.runWithout(account, removals, everything);

      expect(cases.outcomes(report)).toEqual(cases.outcomes(whole));
    });

    test('a right that one task lacks makes no difference to the others', async () => {
      const own = all.filter((one) => one.platform === platform);
      const [removal] = sampled(own, { ...sample, size: 1 }, caseText);
      if (removal === undefined) throw new Error(`${platform} has no right that could be taken away`);

      const report = await cases.runWithout(account, [removal], everything);

      const ofOthers = (one: RunReport) => cases.outcomes(one).filter(({ task }) => task !== removal.task);
      expect(ofOthers(report)).toEqual(ofOthers(whole));
      expect(cases.outcomes(report)).not.toEqual(cases.outcomes(whole));
    });
  });

  test('every call of a function is covered by a statement of its role', async () => {
    const { calls } = account.recorder;

    expect(calls.length).toBeGreaterThan(tasks.length);
    expect([...new Set(uncoveredCalls(calls, await readRoles(account.cloud)))]).toEqual([]);
  });

  test('every right of a task was used, but for those that it never uses itself', () => {
    for (const one of roles) {
      const unused = unusedRights(one.role, account.recorder.calls).map(textOf);
      expect({ ...nameOf(one), unused }).toEqual({ ...nameOf(one), unused: cases.unmissedRights(one).map(textOf) });
    }
  });
});

function nameOf({ platform, task }: cases.TaskRole) {
  return { platform, task };
}

function caseText({ platform, task, taken }: cases.Removal): string {
  return `${task} of ${platform} without ${taken.map(textOf).join(', ')}`;
}

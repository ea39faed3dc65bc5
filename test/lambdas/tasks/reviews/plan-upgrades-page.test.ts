import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import { upgradePages } from '../../../../lambdas/tasks/reviews/plan-upgrades/page.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { CURRENT, PLANTED } from '../../../../lib/demo/account/upgrades-planted.ts';
import { type UpgradesAccount } from '../../../../lib/demo/account/upgrades.ts';
import { withUpgradesAccount } from './_upgrades-account.ts';

const PLATFORM = { platform: 'orchard', environment: 'prod' };
let planted: Json;
let current: Json;

async function planOf(account: UpgradesAccount, region: string): Promise<Json> {
  return withUpgradesAccount(account, async () => {
    const { document } = await resultOf({ task, targets: { account: { region } }, input: {} as never, now: NOW });
    return document ?? null;
  });
}

beforeAll(async () => {
  planted = await planOf(PLANTED, 'us-east-1');
  current = await planOf(CURRENT, 'eu-west-2');
});

describe('the page of an upgrade plan', () => {
  test('says on top how much is to be done, and what not doing it costs', () => {
    const { markdown, html } = upgradePages(planted, PLATFORM);
    expect(markdown).toContain('# Upgrade plan of Q3 2026');
    expect(markdown).toMatch(/^\*\*21 changes in 9 weeks, 2 of them too late.*costs 1,314 USD a month;/m);
    expect(html).toContain('<header class="fail">');
  });

  test('decides first what a vendor acts on soon, the riskiest of it first, with the way back and the command', () => {
    const { markdown } = upgradePages(planted, PLATFORM);
    const decisions = markdown.slice(markdown.indexOf('## Decide'), markdown.indexOf('## Week by week'));
    const titles = decisions.match(/^\d\. .*$/gm) ?? [];
    expect(titles).toHaveLength(3);
    expect(titles[0]).toContain('Move database ending from 13.20 to 16.9 in the week of 27 July 2026');
    expect(decisions).toContain('31 July 2026: standard support ends and extended support is charged.');
    expect(decisions).toContain('way back: ');
    expect(decisions).toContain('aws rds modify-db-instance --db-instance-identifier ending');
  });

  test('draws how long each version lives with the same days that its table of the ticket has', () => {
    const { markdown, html } = upgradePages(planted, PLATFORM);
    expect(markdown).toMatch(/\| database ending 13\.20 \| 2026-07-31 \| \d{4}-\d\d-\d\d \|/);
    expect(html).toContain('class="now"');
  });

  test('of a current account decides nothing and asks nothing of anybody', () => {
    const { markdown, html } = upgradePages(current, PLATFORM);
    expect(markdown).toMatch(/^\*\*Nothing of the \d+ that were looked at is due\*\*$/m);
    expect(markdown).not.toContain('## Decide');
    expect(html).toContain('<header class="pass">');
  });

  test('is no pass where a part could not be read', () => {
    const [region] = (current as { regions: object[] }).regions;
    const part = { part: 'clusters', reason: 'refused', missing_permission: 'eks:ListClusters' };
    const { markdown, html } = upgradePages(
      { ...(current as object), regions: [{ ...region, unknown: [part] }] } as Json,
      PLATFORM,
    );
    expect(markdown).toContain('give the role of the review eks:ListClusters');
    expect(html).toContain('<header class="unknown">');
  });
});

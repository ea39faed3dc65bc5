import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import type { SecurityDocument } from '../../../../lambdas/tasks/reviews/audit-security/document.ts';
import { task } from '../../../../lambdas/tasks/reviews/audit-security/index.ts';
import { securityPages } from '../../../../lambdas/tasks/reviews/audit-security/page.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { FLAWED } from '../../../../lib/demo/account/security-planted.ts';
import { startSecurityAccount } from './_security-account.ts';

const PLATFORM = { platform: 'orchard', environment: 'prod' };
let document: SecurityDocument;

beforeAll(async () => {
  const servers = await startSecurityAccount(FLAWED);
  const performance = { task, targets: { account: {} }, input: {} as never, now: NOW, timeoutSeconds: 60 };
  document = (await resultOf(performance)).document as unknown as SecurityDocument;
  await servers.stop();
}, 60_000);

const pagesOf = (changes: Partial<SecurityDocument> = {}) =>
  securityPages({ ...document, ...changes } as unknown as Json, PLATFORM);

describe('the page of a security audit', () => {
  test('says on top how much of which severity is open, and how much could not be seen', () => {
    const { markdown, html } = pagesOf();
    expect(markdown).toMatch(/^\*\*Open flaws: 7 critical, 7 high, .*; 3 parts could not be seen\*\*$/m);
    expect(html).toContain('<header class="fail">');
  });

  test('decides first what is gravest, flaws of one sort once', () => {
    const { markdown } = pagesOf();
    const decisions = markdown.slice(markdown.indexOf('## Decide'), markdown.indexOf('## Everything'));
    expect(decisions.match(/^\d\. /gm)).toHaveLength(3);
    expect(decisions.match(/lets the world in/g)).toHaveLength(1);
    expect(decisions).toMatch(/and \d more of this sort: sg-/);
  });

  test('names every source of a flaw that several report, once', () => {
    expect(pagesOf().markdown).toMatch(
      /\| critical \| CVE-2026-0001 in api:1\.4 \|.*\| ecr, inspector, security-hub \|/,
    );
  });

  test('says what is new, worse and fixed since the last audit', () => {
    const gone = { id: 'public-bucket old', topic: 'public-bucket', severity: 'high', title: 'old was open' };
    const seen = { first_seen_at: '2026-05-01T00:00:00Z', last_seen_at: '2026-06-01T00:00:00Z' };
    const { markdown } = pagesOf({
      differences: {
        ...document.differences,
        compared_with: '2026-06-01T03:00:00.000Z',
        new: [document.flaws[0]?.id ?? ''],
        fixed: [{ ...gone, ...seen }],
      },
    });
    expect(markdown).toContain('## Since 1 June 2026');
    expect(markdown).toContain('Since the last audit 1 new, 0 worse, 1 fixed');
    expect(markdown).toContain('| fixed | public-bucket old | old was open |');
  });

  test('without an open flaw is no pass while a part could not be seen, and is one when all was', () => {
    const none = { flaws: [], counts: {} };
    expect(pagesOf(none).html).toContain('<header class="unknown">');
    const seen = pagesOf({ ...none, not_seen: [] });
    expect(seen.html).toContain('<header class="pass">');
    expect(seen.markdown).toContain('**No flaw is open**');
  });
});

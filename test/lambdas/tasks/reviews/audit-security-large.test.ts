import { expect, test } from '@jest/globals';
import type { SecurityDocument } from '../../../../lambdas/tasks/reviews/audit-security/document.ts';
import { task } from '../../../../lambdas/tasks/reviews/audit-security/index.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { hubFinding } from '../../../../lib/demo/account/security-findings.ts';
import { ALL_ON, READY } from '../../../../lib/demo/account/security-planted.ts';
import { withAccount } from './_security-account.ts';

const audit = () => resultOf({ task, targets: { account: {} }, now: NOW, timeoutSeconds: 60 });

test('a list of more than a page is read to its end, and each flaw is said though only the worst are findings', async () => {
  const findings = Array.from({ length: 250 }, (_, i) =>
    hubFinding(`m${i}`, { ProductName: 'Macie', Severity: { Label: 'HIGH' }, Resources: [{ Type: 'x', Id: `r${i}` }] }),
  );

  const result = await withAccount({ ...ALL_ON, securityHub: { standards: READY, findings } }, () => audit());

  expect((result.document as unknown as SecurityDocument).flaws).toHaveLength(250);
  expect(result.findings).toHaveLength(20);
  expect(result.findings.at(-1)?.summary).toMatch(/230 more like it$/);
});

test('what others named oddly or endlessly is said on one line of a length that a record takes', async () => {
  const doors = Array.from({ length: 300 }, (_, i) => ({
    ...{ IpProtocol: 'tcp', FromPort: 1_000 + i, ToPort: 1_000 + i },
    IpRanges: [{ CidrIp: '0.0.0.0/0' }],
  }));
  const odd = `a\nb\u202e${'c'.repeat(3_000)}`;
  const account = {
    ...ALL_ON,
    ec2: { securityGroups: [{ GroupId: 'sg-1', GroupName: 'many', IpPermissions: doors }] },
    securityHub: {
      standards: READY,
      findings: [hubFinding(odd, { ProductName: 'Macie', Title: odd, Resources: [{ Type: 'x', Id: odd }] })],
    },
  };

  const { findings } = await withAccount(account, () => audit());

  expect(findings.map(({ kind }) => kind)).toEqual(['control-failed', 'open-but-unused']);
  for (const { subject = '', summary, command = '' } of findings) {
    expect(Math.max(subject.length, summary.length, command.length)).toBeLessThan(4_000);
    expect(subject + summary).not.toMatch(/[\n\u202e]/);
  }
});

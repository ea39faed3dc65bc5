import { expect, test } from '@jest/globals';
import type { RunReport } from '../../../core/report.ts';
import { differenceFrom, mendedBy } from '../../../lib/demo/planted.ts';
import { hostileReport } from '../../harness/hostile-report.ts';

const PART = {
  findings: ['backups-verify cut-short database', 'certificates-check-endpoints expired api'],
  actions: ['vacuum main public.tickets'],
  plantedAnew: false,
};

function reportOf(
  findings: readonly (readonly [task: string, kind: string, target: string, subject?: string])[],
  vacuumed: 'done' | 'failed' | undefined,
): RunReport {
  const report = hostileReport();
  const [finding] = report.findings;
  const [action] = report.actions;
  if (!finding || !action) throw new Error('the report has no finding or no action to go by');
  return {
    ...report,
    findings: findings.map(([task, kind, target, subject]) => ({
      ...finding,
      severity: 'fail',
      task,
      kind,
      target,
      subject,
    })),
    actions: vacuumed
      ? [
          {
            ...action,
            verb: 'vacuum',
            target: 'main',
            subject: 'public.tickets',
            summary: 'vacuum public.tickets',
            status: vacuumed,
          },
        ]
      : [],
  };
}

const CUT = ['backups-verify', 'cut-short', 'database', 'shop.dump'] as const;
const EXPIRED = ['certificates-check-endpoints', 'expired', 'api', 'localhost:443'] as const;

test('a run that found and did what was planted differs in nothing', () => {
  const report = reportOf([CUT, EXPIRED], 'done');
  expect(differenceFrom(report, [PART], [])).toEqual({ missing: [], unexpected: [] });
  expect(mendedBy(report)).toEqual(['vacuum main public.tickets']);
});

test('what is not found, what is found and was not planted, and what went wrong are all named', () => {
  const report = reportOf([CUT, ['backups-verify', 'stale', 'database']], 'failed');
  expect(differenceFrom(report, [PART], [])).toEqual({
    missing: ['certificates-check-endpoints expired api', 'vacuum main public.tickets'],
    unexpected: ['backups-verify stale database', 'vacuum public.tickets failed'],
  });
});

test('what an earlier run mended is not due, unless it was planted anew', () => {
  const mended = ['vacuum main public.tickets'];
  const report = reportOf([CUT, EXPIRED], undefined);
  expect(differenceFrom(report, [PART], mended).missing).toEqual([]);
  expect(differenceFrom(report, [{ ...PART, plantedAnew: true }], mended).missing).toEqual(mended);
});

test('a finding of a kind whose name only begins alike is another one', () => {
  const { missing } = differenceFrom(
    reportOf([['backups-verify', 'cut-short-ish', 'database'], EXPIRED], 'done'),
    [PART],
    [],
  );
  expect(missing).toEqual(['backups-verify cut-short database']);
});

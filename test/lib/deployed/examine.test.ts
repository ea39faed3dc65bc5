import { describe, expect, test } from '@jest/globals';
import type { IndexedRun } from '../../../lambdas/runtime/run-index.ts';
import { heartbeatFound, procedureFound, stackFound } from '../../../lib/deployed/examine.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const HOME = { platform: 'shop', environment: 'prod', account: '111122223333', region: 'eu-west-1' };

test.each([
  ['CREATE_COMPLETE', 'pass'],
  ['UPDATE_COMPLETE', 'pass'],
  ['UPDATE_IN_PROGRESS', 'unknown'],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'unknown'],
  ['UPDATE_ROLLBACK_COMPLETE', 'warn'],
  ['ROLLBACK_COMPLETE', 'fail'],
  ['UPDATE_ROLLBACK_FAILED', 'fail'],
  ['DELETE_FAILED', 'fail'],
])('a stack that is %s is %s', (status, verdict) => {
  expect(stackFound(status).verdict).toBe(verdict);
});

describe('a procedure', () => {
  const schedule = 'cron(0 2 * * ? *)';
  const latest = (ended: string, verdict: IndexedRun['verdict'] = 'pass') =>
    ({ runId: 'daily-1', ended, verdict, endedAt: '2026-11-21T02:10:00Z' }) as IndexedRun;

  test.each([
    ['whose latest run ended', { latest: latest('finished') }, 'pass'],
    ['whose latest run found what fails works all the same', { latest: latest('finished', 'fail') }, 'pass'],
    ['whose latest run died', { latest: latest('aborted', 'unknown') }, 'fail'],
    ['whose latest run never began', { latest: latest('missed', 'unknown') }, 'fail'],
    ['that was due', { latest: latest('finished'), missed: '2026-11-21T02:00:00Z' }, 'fail'],
    ['of which nothing is known yet', {}, 'unknown'],
  ])('%s', (_which, standing, verdict) => {
    expect(procedureFound({ procedure: 'daily', schedule, ...standing }).verdict).toBe(verdict);
  });

  test('that nobody has ever started by hand lacks nothing', () => {
    expect(procedureFound({ procedure: 'by-hand' }).verdict).toBe('pass');
  });
});

describe('the heartbeat', () => {
  // The emulator knows no stack that is older than the test.
  const found = (changedAt: string, beats: readonly string[]) =>
    heartbeatFound(
      {
        home: HOME,
        stack: { name: 'fettle-shop-prod', changedAt: new Date(changedAt) },
        clients: {
          cloudWatch: { send: () => Promise.resolve({ Datapoints: beats.map((at) => ({ Timestamp: new Date(at) })) }) },
        },
      } as never,
      NOW,
    );

  test('that came lately passes with the time of the newest', async () => {
    const beats = ['2026-11-21T11:35:00Z', '2026-11-21T11:50:00Z', '2026-11-21T11:40:00Z'];
    const { verdict, detail } = await found('2026-11-01T00:00:00Z', beats);
    expect({ verdict, detail }).toEqual({ verdict: 'pass', detail: 'the newest is of 2026-11-21T11:50:00.000Z' });
  });

  test('that stays away fails', async () => {
    expect((await found('2026-11-01T00:00:00Z', [])).verdict).toBe('fail');
  });

  test('that may still come after a deployment is unknown, and no pass', async () => {
    expect((await found('2026-11-21T11:45:00Z', [])).verdict).toBe('unknown');
  });
});

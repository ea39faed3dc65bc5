import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assemblyFolder, deploy } from '../cloud/deploy.ts';
import { withCloud } from '../cloud/pair.ts';
import { until } from '../executions.ts';
import { FaultedPlatform, minuteAgo } from './_faulted-platform.ts';

/** One change is done, one was begun, and one was never asked for. */
const CUT_OFF = { '/before': 1, '/one': 1, '/two': 1, '/after': 1 };

withCloud('a run whose handler is hurt in the middle of a change', () => {
  let platform: FaultedPlatform;

  beforeAll(async () => {
    platform = await FaultedPlatform.deployed('faults-mid-task');
  });
  afterAll(() => platform?.stop());

  /** Nothing is held, every run is proven, and the next one does all that there is to do. */
  async function expectNextRun(minutes: number): Promise<void> {
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
    platform.shop.letGo();
    platform.shop.forget();
    const next = await platform.leftOf(await platform.deliver(minuteAgo(minutes)));
    expect(next).toMatchObject({ status: 'SUCCEEDED', report: { ended: 'finished', verdict: 'pass' } });
    expect(platform.shop.asked).toEqual({ ...CUT_OFF, '/three': 1 });
  }

  test('killed, is told as unknown with the change whose end nobody saw, and its neighbours run', async () => {
    const execution = await platform.startHeld(minuteAgo(50));
    await platform.signal('SIGKILL');

    const { status, report } = await platform.leftOf(execution);

    expect(status).toBe('SUCCEEDED');
    expect(report).toMatchObject({ ended: 'finished', verdict: 'unknown' });
    expect(report.tasks.map(({ verdict, recorded }) => [verdict, recorded])).toEqual([
      ['pass', true],
      ['unknown', false],
      ['pass', true],
    ]);
    expect(report.actions.map(({ subject, status }) => [subject, status])).toEqual([
      ['/one', 'done'],
      ['/two', 'running'],
    ]);
    expect(report.findings.map(({ kind }) => kind).sort()).toEqual(['action-unfinished', 'no-record']);
    expect(platform.shop.asked).toEqual(CUT_OFF);
    await expectNextRun(49);
  });

  test('past its time-out, is ended by the limit that the profile lowered, and told in the same way', async () => {
    const execution = await platform.startHeld(minuteAgo(40));
    await platform.signal('SIGSTOP');

    const { status, report } = await platform.leftOf(execution);

    expect(status).toBe('SUCCEEDED');
    expect(report).toMatchObject({ ended: 'finished', verdict: 'unknown' });
    expect(report.findings.find(({ kind }) => kind === 'no-record')?.summary).toContain(
      'Sandbox.Timedout: Task timed out after 45.00 seconds',
    );
    expect(report.actions.map(({ subject, status }) => [subject, status])).toEqual([
      ['/one', 'done'],
      ['/two', 'running'],
    ]);
    expect(platform.shop.asked).toEqual(CUT_OFF);
    await expectNextRun(39);
  });

  test('whose execution is stopped by hand, is ended by Reap, and what the handler does later counts for nothing', async () => {
    const execution = await platform.startHeld(minuteAgo(30));
    await platform.stopByHand(execution);

    const { status, report, runKey } = await platform.leftOf(execution);

    expect(status).toBe('ABORTED');
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(report.endedBecause).toBe('ABORTED');
    expect(report.tasks.map(({ verdict }) => verdict)).toEqual(['pass', 'unknown', 'unknown']);
    expect(report.actions.map(({ subject, status }) => [subject, status])).toEqual([
      ['/one', 'done'],
      ['/two', 'running'],
    ]);
    expect(await platform.held()).toEqual([]);
    const sealed = await platform.keysBelow(`${runKey}/`);
    // The handler is still at it: it gets its answer now, and would go on to the third change.
    platform.shop.letGo();
    await until('the handler did not say that its run has ended', 60, () => platform.logged('its records are sealed'));
    expect(await platform.keysBelow(`${runKey}/`)).toEqual(sealed);
    expect(platform.shop.asked).toEqual({ '/before': 1, '/one': 1, '/two': 1 });
    await expectNextRun(29);
  });

  test('whose platform is deployed anew, goes on to its end by the plan with which it began, and the next one by the new one', async () => {
    const profile = await platform.variation('anew', {
      '[/one, /two, /three]': '[/one, /four]',
      'timeoutSeconds: 300': 'timeoutSeconds: 200',
      'path: /after': 'path: /later',
    });
    platform.shop.forget();
    platform.shop.hold('/before');
    const deploying = deploy(platform.cloud, profile);
    // From here on it only uploads and updates: the run begins before that, and is held for as long as it takes.
    const assembly = join(assemblyFolder(platform.cloud, profile), 'manifest.json');
    await until('nothing was synthesized', 120, async () => (existsSync(assembly) ? true : undefined));
    const execution = await platform.deliver(minuteAgo(20));
    await platform.shop.untilHeld('/before');
    const heldAt = new Date();
    await deploying;
    expect(await platform.updatedAt()).toBeGreaterThan(heldAt.getTime());
    platform.shop.letGo();

    const { status, report, runKey } = await platform.leftOf(execution);

    expect([status, report.ended, report.verdict]).toEqual(['SUCCEEDED', 'finished', 'pass']);
    expect(platform.shop.asked).toEqual({ ...CUT_OFF, '/three': 1 });
    platform.shop.forget();
    const next = await platform.leftOf(await platform.deliver(minuteAgo(19)));
    expect(next.report).toMatchObject({ ended: 'finished', verdict: 'pass', previousRunId: report.runId });
    expect(platform.shop.asked).toEqual({ '/before': 1, '/one': 1, '/four': 1, '/later': 1 });
    expect(await platform.plannedPaths(runKey)).toEqual(['/one', '/two', '/three']);
    expect(await platform.plannedPaths(next.runKey)).toEqual(['/one', '/four']);
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
  });
});

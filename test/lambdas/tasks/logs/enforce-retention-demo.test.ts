import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeLogFiles } from '../../../../lib/demo/log-files.ts';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { performTask } from '../../../harness/perform-task.ts';

test('the logs of the demo give exactly what was planted in them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-demo-logs-'));
  const now = new Date();
  const part = await writeLogFiles({ folder, now, fresh: true, say: () => undefined });
  try {
    const { result, actions } = await performTask({
      task,
      targets: { application: { url: part.addresses['logs'] ?? '' } },
      input: { keepFree: 0 },
      now,
    });
    if ('paused' in result) throw new Error('it paused');
    const found = result.findings
      .filter(({ kind }) => task.findings[kind]?.severity !== 'info')
      .map(({ kind, target, subject }) => [task.name, kind, target, subject].filter(Boolean).join(' '));
    expect(found).toEqual(part.findings);
    expect(actions.map(({ verb, target, subject }) => `${verb} ${target} ${subject}`).sort()).toEqual(part.actions);
    expect(actions.every(({ status }) => status === 'done')).toBe(true);
  } finally {
    await part.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

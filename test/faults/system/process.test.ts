import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunReport } from '../../../core/report.ts';
import { makeScene, sceneBundles, type Scene } from '../../concurrency/_scene.ts';
import { task, WAYS } from './tasks/check-misbehaves.ts';

const run = promisify(execFile);
// Linux lets a process be given a limit while it runs.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a task whose process', () => {
  let scene: Scene;
  let report: RunReport;
  let status: string;
  beforeAll(async () => {
    const bundles = await sceneBundles({
      [task.name]: '../faults/system/tasks/check-misbehaves.ts',
      'test-check-healthy': '../harness/tasks/check-healthy.ts',
    });
    const wayward = WAYS.map((way) => ({ task: task.name, input: { way } }));
    scene = await makeScene({ bundles, procedures: { daily: [...wayward, { task: 'test-check-healthy' }] } });
    const end = await scene.engine('daily', { mode: 'execute' });
    status = end.status;
    report = await scene.report(end.runKey);
  });
  afterAll(() => scene.remove());

  test.each([
    { what: 'exits with 0 and says nothing', step: 1, words: /it exited with 0 and no answer/ },
    { what: 'answers something else', step: 2, words: /its answer is none that a handler gives/ },
    { what: 'needs more memory than there is', step: 4, words: /it exited with SIG(ABRT|TRAP|SEGV|ILL) and no answer/ },
    { what: 'has no file descriptor left', step: 5, words: /cannot .* in .*EMFILE/ },
  ])('$what is unknown, with the reason', ({ step, words }) => {
    expect(report.tasks[step - 1]).toMatchObject({ verdict: 'unknown', recorded: false });
    const said = report.findings.map(({ summary }) => summary);
    expect(said.filter((summary) => words.test(summary))).toHaveLength(1);
  });

  test('prints what is no text, and what looks like an answer, is judged by what it found', () => {
    expect(report.tasks[2]).toMatchObject({ verdict: 'pass', recorded: true });
  });

  test('dies takes neither its neighbours nor the report with it', () => {
    expect(status).toBe('SUCCEEDED');
    expect(report).toMatchObject({ ended: 'finished', verdict: 'unknown' });
    expect(report.tasks[5]).toMatchObject({ task: 'test-check-healthy', verdict: 'pass' });
  });
});

onLinux('an engine without file descriptors', () => {
  test('says that the process of a handler could not be started, and goes on once there are some', async () => {
    const script = fileURLToPath(new URL('./starved-engine.ts', import.meta.url));
    const environment = { ...process.env, NODE_OPTIONS: '' };
    const { stdout } = await run(process.execPath, [script], { env: environment, timeout: 60_000 });

    const [starved, fed] = stdout.split('\n');
    expect(starved).toMatch(/its process could not be started: spawn .* EMFILE/);
    expect(fed).toContain("Cannot find module '/nowhere/index.js'");
  });
});

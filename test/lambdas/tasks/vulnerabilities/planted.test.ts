import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoPart } from '../../../../lib/demo/part.ts';
import { VULNERABILITY_FINDINGS, writeVulnerabilities } from '../../../../lib/demo/parts/vulnerabilities.ts';
import { task as reviewDependencies } from '../../../../lambdas/tasks/vulnerabilities/review-dependencies/index.ts';
import { task as reviewImages } from '../../../../lambdas/tasks/vulnerabilities/review-images/index.ts';
import { task as reviewSecrets } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/index.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { NOW } from './_reports.ts';

let folder: string;
let part: DemoPart;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-planted-'));
  part = await writeVulnerabilities({ folder, now: NOW, fresh: true, say: () => undefined });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the reviews find exactly what the demo plants, and none of the healthy things beside it', async () => {
  const found: string[] = [];
  for (const [target, task] of [
    ['images', reviewImages],
    ['audits', reviewDependencies],
    ['code', reviewSecrets],
  ] as const) {
    const result = await resultOf({ task, now: NOW, targets: { [target]: { url: part.addresses[target] ?? '' } } });
    found.push(...result.findings.map(({ kind, subject }) => `${task.name} ${kind} ${target} ${subject}`));
  }
  // The fingerprint of a secret follows its file.
  const withoutFingerprint = found.map((words) => words.replace(/ [0-9a-f]{16}$/, ''));
  expect(withoutFingerprint.sort()).toEqual([...VULNERABILITY_FINDINGS].sort());
});

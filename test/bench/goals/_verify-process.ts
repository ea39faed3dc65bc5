/** Verifies the place of its argument in a process of its own, and prints the kinds and the most memory in MiB. */
import { writeSync } from 'node:fs';
import { task } from '../../../lambdas/tasks/backups/verify.ts';
import { mostMemoryMiB } from '../../harness/most-memory.ts';
import { resultOf } from '../../harness/perform-task.ts';

async function verifyOnce(url = ''): Promise<void> {
  const { findings } = await resultOf({ task, targets: { database: { url } } });
  const mostMiB = mostMemoryMiB();
  writeSync(1, JSON.stringify({ kinds: findings.map(({ kind }) => kind), mostMiB }));
}

void verifyOnce(process.argv[2]);

/** Verifies the folder of its argument in a process of its own, and prints kinds, bytes of rows and the most memory. */
import { writeSync } from 'node:fs';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import { mostMemoryMiB } from '../../../harness/most-memory.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const [url = ''] = process.argv.slice(2);
const { findings, measurements } = await resultOf({ task, targets: { database: { url } } });
const rowsBytes = measurements.find(({ name }) => name === 'rows-size')?.value;
const mostMiB = Math.round(mostMemoryMiB());
writeSync(1, JSON.stringify({ kinds: findings.map(({ kind }) => kind), rowsBytes, mostMiB }));

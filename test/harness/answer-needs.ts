import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Task } from '../../core/task.ts';
import { needsOf, type NeedsQuestion } from './needs-of.ts';

/** The program behind `startPlainUser`: for each line, a task by its file and its targets, the line with its needs. */
for await (const line of createInterface({ input: process.stdin })) {
  const { file, ...question } = JSON.parse(line) as Omit<NeedsQuestion, 'task' | 'now'> & { readonly file: string };
  const { task } = (await import(pathToFileURL(path.resolve(file)).href)) as { readonly task: Task };
  process.stdout.write(`${JSON.stringify(await needsOf({ ...question, task }))}\n`);
}

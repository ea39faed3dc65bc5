import { DirectoryStore } from '../../../../lambdas/runtime/directory-store.ts';
import { task as analyze } from '../../../../lambdas/tasks/postgres/analyze.ts';
import { task as reindex } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { callStep, type TestRun } from './_run.ts';

interface StepCall {
  readonly run: TestRun;
  readonly task: string;
  readonly previous: Parameters<typeof callStep>[2];
  readonly dieAt: string;
}

const call = JSON.parse(process.argv[2] ?? '') as StepCall;

/** Dies as by `kill -9` at the moment of writing a record, the record unwritten. */
class MortalStore extends DirectoryStore {
  override createIfAbsent(key: string, body: string | Uint8Array): Promise<string | undefined> {
    if (call.dieAt !== '' && key.includes(call.dieAt)) process.kill(process.pid, 'SIGKILL');
    return super.createIfAbsent(key, body);
  }
}

const task = [vacuum, analyze, reindex].find(({ name }) => name === call.task);
if (!task) throw new Error(`no task ${call.task}`);
void callStep(call.run, task, call.previous, new MortalStore(call.run.folder));

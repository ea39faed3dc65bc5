import { readFileSync } from 'node:fs';
import middy from '@middy/core';
import { messageOf } from '../../core/errors.ts';
import { sha256 } from '../../core/json.ts';
import { Holder } from '../../core/run.ts';
import type { Task } from '../../core/task.ts';
import { createLog, type Log } from './log.ts';
import { openStore } from './open-store.ts';
import { runTask, TaskEvent, type TaskRuntime } from './run-task.ts';

/** What every handler of a step runs with. */
export interface StepRuntime extends TaskRuntime {
  /** The process that leases are taken for, where there is one. */
  readonly holder: Holder | undefined;
  /** The folder of the bundle; Begin finds the profile there. */
  readonly assetFolder: string;
}

type LambdaHandler = (event: unknown, context: { awsRequestId?: string }) => Promise<unknown>;

let runtime: StepRuntime | undefined;

/** The Lambda handler of a task. */
export function taskHandler(task: Task): LambdaHandler {
  return stepHandler((event, runtime) => runTask(task, TaskEvent.parse(event), runtime));
}

/** The Lambda handler of a step: opens the store once per container, logs, and lets nothing but the answer out. */
export function stepHandler(step: (event: unknown, runtime: StepRuntime) => Promise<unknown>): LambdaHandler {
  const handler = middy<unknown, unknown>()
    .use({
      onError: ({ error }) => {
        currentRuntime().log.error('handler failed', { error: messageOf(error) });
      },
    })
    .handler(async (event) => step(event, currentRuntime()));
  return async (event, context) => handler(event, context as never);
}

function currentRuntime(): StepRuntime {
  runtime ??= openRuntime();
  return runtime;
}

function openRuntime(): StepRuntime {
  const clock = () => new Date();
  // In a bundle this is the bundle: CommonJS gives it a file name, which ES modules (the tests) do not have.
  const bundle = typeof __filename === 'string' ? __filename : undefined;
  const holder = process.env['FETTLE_HOLDER'];
  const log: Log = createLog({ function: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'local' }, clock);
  return {
    store: openStore(process.env['FETTLE_STORE'] ?? ''),
    clock,
    log,
    bundleSha256: bundle ? sha256(readFileSync(bundle)) : 'unbundled',
    holder: holder ? Holder.parse(JSON.parse(holder)) : undefined,
    assetFolder: typeof __dirname === 'string' ? __dirname : '.',
  };
}

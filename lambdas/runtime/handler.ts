import { readFileSync } from 'node:fs';
import middy from '@middy/core';
import { messageOf } from '../../core/errors.ts';
import { sha256 } from '../../core/json.ts';
import { Holder } from '../../core/run.ts';
import type { Task } from '../../core/task.ts';
import { createLog, type Log } from './log.ts';
import { openStore } from './open-store.ts';
import { ownCredentials } from './references.ts';
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
  return async (event, context) => {
    try {
      return await handler(event, context as never);
    } catch (thrown) {
      // What leaves here is logged by Lambda, passed through the states and shown in the report.
      throw cleanError(thrown, currentRuntime().log);
    }
  };
}

function cleanError(thrown: unknown, { clean }: Log): Error {
  const { name, stack } = thrown instanceof Error ? thrown : new Error();
  const error = new Error(clean(messageOf(thrown)));
  return Object.assign(error, { name, stack: clean(stack ?? '') });
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
  log.hide(ownCredentials());
  endOnStrayErrors(log);
  return {
    store: openStore(process.env['FETTLE_STORE'] ?? ''),
    clock,
    log,
    bundleSha256: bundle ? sha256(readFileSync(bundle)) : 'unbundled',
    holder: holder ? Holder.parse(JSON.parse(holder)) : undefined,
    assetFolder: typeof __dirname === 'string' ? __dirname : '.',
  };
}

/** Node.js and Lambda would print the whole error and whatever it quotes; this comes first and ends the process as they do. */
function endOnStrayErrors(log: Log): void {
  const end = (thrown: unknown) => {
    log.error('the process ends: nobody caught an error', { error: messageOf(thrown) });
    process.exit(1);
  };
  process.prependListener('uncaughtException', end);
  process.prependListener('unhandledRejection', end);
}

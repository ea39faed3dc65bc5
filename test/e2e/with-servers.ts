import { describe } from '@jest/globals';
import { missingPrometheus } from '../../lib/demo/servers/prometheus.ts';
import { redisProgram } from '../../lib/demo/servers/redis.ts';
import { cloudEnvironment } from './cloud/environment.ts';

const environment = await cloudEnvironment();
const missing = await missingProgram();
if (missing !== undefined) process.stderr.write(`skipped: nothing is deployed, because ${missing}\n`);

/** The Python of the test cloud; empty where there is none. */
export const python = 'python' in environment ? environment.python : '';

/** `describe`, or its skipping twin where this machine lacks the test cloud or a server of the targets. */
export const withServers = missing === undefined ? describe : describe.skip;

async function missingProgram(): Promise<string | undefined> {
  if ('missing' in environment) return environment.missing;
  if ((await redisProgram()) === undefined) return 'redis-server is not installed';
  return missingPrometheus();
}

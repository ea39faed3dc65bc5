import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { parse, stringify } from 'yaml';
import type { RunReport } from '../../../core/report.ts';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { named } from '../both.ts';
import { bootstrap, deploy, type StackOutputs } from '../cloud/deploy.ts';
import { startCloud, type Cloud } from '../cloud/server.ts';
import { reportOf, startExecution } from '../executions.ts';
import { sendThrough } from '../send-through.ts';
import { startAnswered } from './answered.ts';
import { accessKeyOf } from './coverage.ts';
import { plantAll } from './planting.ts';
import { startRecorder, type Places, type Recorder } from './recorder.ts';
import { readRoles } from './role-policy.ts';

const RUN_SECONDS = 600;
export const PLATFORMS = ['addresses', 'references'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** Both platforms, deployed where signatures and policies are enforced, with every call of a handler recorded. */
export interface Account {
  readonly cloud: Cloud;
  readonly recorder: Recorder;
  /** Runs a procedure to its end: `everything`, or a task alone by its name. */
  run(platform: Platform, procedure: string): Promise<RunReport>;
  stop(): Promise<void>;
}

export function profileOf(platform: Platform): string {
  return fileURLToPath(new URL(`./${platform}.yaml`, import.meta.url));
}

/** The tasks of a profile, each as its procedure has it. */
export async function entriesIn(platform: Platform): Promise<ReadonlyMap<string, unknown>> {
  const { procedures } = parse(await readFile(profileOf(platform), 'utf8')) as {
    procedures: { everything: { tasks: (string | Record<string, unknown>)[] } };
  };
  return new Map(
    procedures.everything.tasks.map((entry) => [
      typeof entry === 'string' ? entry : (Object.keys(entry)[0] ?? ''),
      entry,
    ]),
  );
}

/** Starts everything. Each profile gets, besides its procedure, one for each of its tasks alone. */
export async function startAccount(python: string): Promise<Account> {
  const cloud = await startCloud({ python, name: 'privileges', auth: true });
  const started: { stop(): Promise<void> }[] = [cloud];
  const stop = async () => {
    for (const one of started.toReversed()) await one.stop();
  };
  try {
    // Side by side, for the one waits while the other computes; and both to their end, so that nothing is left behind.
    const [planted, deployed] = await Promise.allSettled([plantAll(cloud, new Date()), deployAll(cloud)]);
    if (planted.status === 'rejected') throw planted.reason;
    started.push(planted.value);
    if (deployed.status === 'rejected') throw deployed.reason;
    const answered = await startAnswered(new Date());
    started.push(answered);
    const recorder = await startRecorder({
      emulator: cloud.endpoint,
      standIns: answered.standIns,
      isAllowed: await simulator(cloud),
    });
    started.push(recorder);
    await sendThrough(cloud, recorder.endpoint);
    const run = async (platform: Platform, procedure: string) => {
      const output = deployed.value.get(platform) ?? {};
      // An output's name has letters and digits alone.
      const machine = named(output, `Arn${procedure.replace(/[^A-Za-z0-9]/g, '')}`);
      const execution = await startExecution(cloud, machine, { mode: 'execute', reason: 'privileges' });
      return reportOf(cloud, named(output, 'BucketName'), execution, RUN_SECONDS);
    };
    return { cloud, recorder, run, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function deployAll(cloud: Cloud): Promise<ReadonlyMap<Platform, StackOutputs>> {
  await bootstrap(cloud);
  const outputs = new Map<Platform, StackOutputs>();
  for (const platform of PLATFORMS) {
    const stacks = await deploy(cloud, await withTasksAlone(platform, cloud.folder));
    outputs.set(platform, stacks[`fettle-${platform}-prod`] ?? {});
  }
  return outputs;
}

async function withTasksAlone(platform: Platform, folder: string): Promise<string> {
  const profile = parse(await readFile(profileOf(platform), 'utf8')) as { procedures: Record<string, unknown> };
  for (const [task, entry] of await entriesIn(platform)) profile.procedures[task] = { tasks: [entry] };
  const file = join(folder, basename(profileOf(platform)));
  await writeFile(file, stringify(profile));
  return file;
}

/** Asks the IAM of the emulator what the role of a function may do at this moment. */
async function simulator(cloud: Cloud): Promise<Places['isAllowed']> {
  const iam = new IAMClient({ ...cloud.client, ...awsClientSettings() });
  const roles = new Map((await readRoles(cloud)).map((role) => [accessKeyOf(role), role.roleArn]));
  return async (accessKey, { action, resource }) => {
    const PolicySourceArn = roles.get(accessKey);
    if (PolicySourceArn === undefined) return false;
    const question = { PolicySourceArn, ActionNames: [action], ResourceArns: [resource] };
    const { EvaluationResults } = await iam.send(new SimulatePrincipalPolicyCommand(question));
    return EvaluationResults?.[0]?.EvalDecision === 'allowed';
  };
}

import { join } from 'node:path';
import type { RunReport } from '../../core/report.ts';
import { raiseAlarm } from './alarm.ts';
import type { StackOutputs } from './cloud/deploy.ts';
import type { Cloud } from './cloud/server.ts';
import { homeProfile, runEmbedded, type EmbeddedRun } from './embedded.ts';
import { executionsOf, reportOf, startExecution, untilStarted } from './executions.ts';
import { fettleStart } from './fettle-start.ts';
import { plantTargets, type Addresses } from './targets.ts';

/** The report of each run, by what started it. */
export type Reports = Readonly<Record<'schedule' | 'alarm' | 'console' | 'person', RunReport>>;

export interface Platforms {
  readonly eventchain: { readonly profile: string; readonly outputs: StackOutputs };
  readonly small: { readonly profile: string; readonly deploy: () => Promise<StackOutputs> };
  /** Of targets that are not the demo's. */
  readonly addresses: Addresses;
}

/** What `startBoth` gives. */
export interface Both {
  readonly deployed: Reports;
  readonly embedded: Reports;
  /** What `fettle start` showed the person. */
  readonly printed: RunReport;
}

const RUN_SECONDS = 240;
/** A schedule of a minute, and the two seconds after which the emulator looks again. */
const SCHEDULE_SECONDS = 90;
const ALARM_SECONDS = 30;
const ALARM = 'shop-latency';
const PERSON = { trigger: 'person', mode: 'execute', override: 'window', reason: 'end to end' } as const;

/**
 * Starts each procedure twice: as it is deployed, by all that starts one there, and by the embedded engine. The targets
 * are planted anew each time, so neither finds what the other mended.
 */
export async function startBoth(cloud: Cloud, platforms: Platforms, folder: string): Promise<Both> {
  const { eventchain, small, addresses } = platforms;
  const onTargets = <Answer>(start: () => Promise<Answer>) => onPlanted(cloud, addresses, start);
  const bucket = named(eventchain.outputs, 'BucketName');
  const machine = named(eventchain.outputs, 'Arndaily');
  const console_ = async () => reportOf(cloud, bucket, await startExecution(cloud, machine, {}), RUN_SECONDS);
  const person = async () => {
    const reason = ['--override', PERSON.override, '--reason', PERSON.reason];
    const printed = await fettleStart(cloud, 'daily', '--platform', eventchain.profile, ...reason);
    const stored = await reportOf(cloud, bucket, (await executionsOf(cloud, machine)).at(-1) ?? '', RUN_SECONDS);
    return { printed, stored };
  };
  const [first, planned] = await onTargets(() => Promise.all([startedByThemselves(cloud, small.deploy), console_()]));
  const homes = {
    eventchain: await homeProfile(eventchain.profile, folder),
    small: await homeProfile(small.profile, folder),
  };
  const embedded = (home: keyof typeof homes, procedure: string, input: EmbeddedRun['input']) =>
    runEmbedded(cloud, { profile: homes[home], procedure, input, store: join(folder, home) });
  const second = await onTargets(async () => ({
    schedule: await embedded('small', 'every-minute', {
      trigger: 'schedule',
      scheduledTime: new Date().toISOString(),
    }),
    alarm: await embedded('small', 'shop-is-slow', { trigger: 'alarm', reason: `alarm ${ALARM}` }),
    console: await embedded('eventchain', 'daily', {}),
  }));
  const { printed, stored } = await onTargets(person);
  const again = await onTargets(() => embedded('eventchain', 'daily', PERSON));
  return {
    deployed: { ...first, console: planned, person: stored },
    embedded: { ...second, person: again },
    printed,
  };
}

/** Deploys the small platform where its targets are, and waits for what a schedule and an alarm start. */
async function startedByThemselves(cloud: Cloud, deploySmall: () => Promise<StackOutputs>) {
  const outputs = await deploySmall();
  const report = async (machine: string, withinSeconds: number) => {
    const execution = await untilStarted(cloud, named(outputs, machine), withinSeconds);
    return reportOf(cloud, named(outputs, 'BucketName'), execution, RUN_SECONDS);
  };
  await raiseAlarm(cloud, ALARM);
  const [alarm, schedule] = await Promise.all([
    report('Arnshopisslow', ALARM_SECONDS),
    report('Arneveryminute', SCHEDULE_SECONDS),
  ]);
  return { alarm, schedule };
}

async function onPlanted<Answer>(cloud: Cloud, addresses: Addresses, start: () => Promise<Answer>): Promise<Answer> {
  const targets = await plantTargets(cloud, new Date(), addresses);
  try {
    return await start();
  } finally {
    await targets.stop();
  }
}

/** An output of a stack, which must have it. */
export function named(outputs: StackOutputs, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stack has no output ${name}, only ${Object.keys(outputs).join(', ')}`);
  return value;
}

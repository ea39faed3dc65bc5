import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { entriesOf, ResolvedPlatform } from '../../../core/platform.ts';
import { RunReport } from '../../../core/report.ts';
import { Ended, Started } from '../../../core/run.ts';
import { ownBundles } from '../../../lib/evidence/own-bundles.ts';
import { verifyRuns } from '../../../lib/evidence/verify-runs.ts';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { LEASES_PREFIX, type Lease } from '../../../lambdas/runtime/leases.ts';
import { asText, readRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { Execution, executionKey, OPEN_RUNS_PREFIX, runKeys } from '../../../lambdas/runtime/run-keys.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { bootstrap, deploy, type StackOutputs } from '../cloud/deploy.ts';
import { cloudEnvironment } from '../cloud/environment.ts';
import { type Cloud, startCloud } from '../cloud/server.ts';
import { named } from '../both.ts';
import { until, untilEnded } from '../executions.ts';
import { type HeldService, startHeldService } from './_held-service.ts';
import { signal } from './_workers.ts';

export const STACK = 'fettle-faulted-prod';
export const PROFILE = fileURLToPath(new URL('./platform.yaml', import.meta.url));
const TASK = 'endpoints-warm-cache';
const ENDS_WITHIN_SECONDS = 120;
/** What is promised of a run whose execution died. */
const REAPED_WITHIN_SECONDS = 120;

/** What is left of a run: how its execution ended and what its records say. */
export interface LeftRun {
  readonly status: string;
  readonly runKey: string;
  readonly report: RunReport;
}

/** The platform of these tests, deployed: its one target can be held, and its functions can be hurt. */
export class FaultedPlatform {
  readonly cloud: Cloud;
  readonly shop: HeldService;
  readonly store: S3Store;
  readonly machine: string;
  readonly outputs: StackOutputs;
  readonly #sfn: SFNClient;

  private constructor(cloud: Cloud, shop: HeldService, outputs: StackOutputs) {
    this.cloud = cloud;
    this.shop = shop;
    this.outputs = outputs;
    this.machine = named(outputs, 'Arnwarming');
    const s3 = new S3Client({ ...cloud.client, forcePathStyle: true, ...awsClientSettings() });
    this.store = new S3Store(named(outputs, 'BucketName'), s3);
    this.#sfn = new SFNClient({ ...cloud.client, ...awsClientSettings() });
  }

  /** Throws where this machine cannot have a test cloud. */
  static async deployed(name: string, { auth = false } = {}): Promise<FaultedPlatform> {
    const environment = await cloudEnvironment();
    if ('missing' in environment) throw new Error(environment.missing);
    const cloud = await startCloud({ python: environment.python, name, auth });
    const shop = await startHeldService();
    try {
      const secrets = new SecretsManagerClient({ ...cloud.client, ...awsClientSettings() });
      await secrets.send(new CreateSecretCommand({ Name: 'faulted/shop', SecretString: shop.address }));
      secrets.destroy();
      await bootstrap(cloud);
      return new FaultedPlatform(cloud, shop, (await deploy(cloud, PROFILE))[STACK] ?? {});
    } catch (thrown) {
      shop.close();
      await cloud.stop();
      throw thrown;
    }
  }

  /** Starts an execution as the schedule of the platform does: with its input, under a name of Scheduler's own making. */
  async deliver(scheduledTime: string, name?: string): Promise<string> {
    const input = JSON.stringify({ trigger: 'schedule', scheduledTime });
    const asked = new StartExecutionCommand({ stateMachineArn: this.machine, input, ...(name && { name }) });
    return (await this.#sfn.send(asked)).executionArn ?? '';
  }

  /** Starts a run and waits until its task is in the middle of its second change. */
  async startHeld(scheduledTime: string): Promise<string> {
    this.shop.forget();
    this.shop.hold('/two');
    const execution = await this.deliver(scheduledTime);
    await this.shop.untilHeld('/two');
    return execution;
  }

  async stopByHand(executionArn: string): Promise<void> {
    await this.#sfn.send(new StopExecutionCommand({ executionArn, cause: 'stopped by hand' }));
  }

  /** To every process of a step, by default of the task that changes something. */
  signal(name: NodeJS.Signals, step = TASK): Promise<void> {
    return signal(this.cloud, `${STACK}-${step}`, name);
  }

  /** Another version of the profile, by what is changed in its text. */
  async variation(name: string, changes: Readonly<Record<string, string>>): Promise<string> {
    let text = await readFile(PROFILE, 'utf8');
    for (const [from, to] of Object.entries(changes)) {
      if (!text.includes(from)) throw new Error(`the profile has no ${from}`);
      text = text.replaceAll(from, to);
    }
    const file = join(this.cloud.folder, `${name}.yaml`);
    await writeFile(file, text);
    return file;
  }

  /** When the stack was changed last, in milliseconds. */
  async updatedAt(): Promise<number> {
    const client = new CloudFormationClient({ ...this.cloud.client, ...awsClientSettings() });
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
    client.destroy();
    return Number(Stacks[0]?.LastUpdatedTime);
  }

  /** What the task that changes something was to warm, by the profile that stands in the records of a run. */
  async plannedPaths(runKey: string): Promise<unknown> {
    const { procedures } = await requireRecord(this.store, runKeys(runKey).profile, ResolvedPlatform);
    const { warming } = procedures;
    return warming && entriesOf(warming).find(({ task }) => task === TASK)?.input['paths'];
  }

  /** Sets back the beginning and the deadline of a run that has not ended. */
  async beginHoursAgo(runKey: string, hours: number): Promise<void> {
    const key = runKeys(runKey).started;
    const started = await requireRecord(this.store, key, Started);
    const earlier = (instant: string) => new Date(Date.parse(instant) - hours * 3_600_000).toISOString();
    const text = asText({ ...started, startedAt: earlier(started.startedAt), deadline: earlier(started.deadline) });
    const { etag = '' } = (await this.store.get(key)) ?? {};
    await this.store.replace(key, text, etag);
  }

  /** Waits until an execution has ended and its run with it, and holds what is left against all that it must be. */
  async leftOf(execution: string): Promise<LeftRun> {
    const { status = '' } = await untilEnded(this.cloud, execution, ENDS_WITHIN_SECONDS);
    const runKey = await this.runKeyOf(execution);
    // The pointer of an open run is the last thing that its end removes.
    await until(`${runKey} is still open`, REAPED_WITHIN_SECONDS, async () =>
      (await this.keysBelow(OPEN_RUNS_PREFIX)).length === 0 ? true : undefined,
    );
    await requireRecord(this.store, runKeys(runKey).ended, Ended);
    return { status, runKey, report: await requireRecord(this.store, runKeys(runKey).report, RunReport) };
  }

  async runKeyOf(execution: string): Promise<string> {
    return (await requireRecord(this.store, executionKey(execution), Execution)).runKey;
  }

  /** Undefined until Begin has written to which run an execution leads. */
  async runKeyIfKnown(execution: string): Promise<string | undefined> {
    return (await readRecord(this.store, executionKey(execution), Execution))?.value.runKey;
  }

  /** The targets that somebody holds. */
  async held(): Promise<string[]> {
    const keys = await this.keysBelow(LEASES_PREFIX);
    const leases = await Promise.all(
      keys.map(async (key) => JSON.parse(Buffer.from((await this.store.get(key))?.body ?? '').toString()) as Lease),
    );
    return leases.flatMap(({ kind, target, heldBy }) => (heldBy ? [`${kind}/${target}`] : []));
  }

  async keysBelow(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(this.store.list(prefix))).map(({ key }) => key);
  }

  /** What is wrong with the evidence of all runs; nothing where it proves them. */
  async flaws(): Promise<string[]> {
    const { isProven, flaws, checked } = await verifyRuns({ store: this.store, ownBundles });
    const said = flaws.map(({ kind, summary }) => `${kind}: ${summary}`);
    return isProven ? said : [...said, `not proven: ${checked.links} links`];
  }

  /** The first line of the platform's log that has all of the texts in it. */
  async logged(...texts: readonly string[]): Promise<string | undefined> {
    const client = new CloudWatchLogsClient({ ...this.cloud.client, ...awsClientSettings() });
    const pages = await Array.fromAsync(
      paginateFilterLogEvents({ client }, { logGroupName: `/aws/vendedlogs/states/${STACK}` }),
    );
    client.destroy();
    const lines = pages.flatMap(({ events = [] }) => events.map(({ message = '' }) => message));
    return lines.find((line) => texts.every((text) => line.includes(text)));
  }

  async stop(): Promise<void> {
    this.#sfn.destroy();
    this.shop.close();
    await this.cloud.stop();
  }
}

/** A minute of the last hour; each is another occurrence. */
export function minuteAgo(minutes: number): string {
  return new Date(Math.floor(Date.now() / 60_000 - minutes) * 60_000).toISOString().replace('.000', '');
}

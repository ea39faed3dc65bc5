import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  PutLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import { startServers } from '../../lib/demo/servers.ts';
import type { Cloud } from './cloud/server.ts';

/** The secret of each address of `eventchain.yaml` and `small.yaml`, and what the demo calls it. */
const SECRETS: Readonly<Record<string, string>> = {
  'eventchain/prod/db': 'postgres',
  'eventchain/prod/redis': 'cache',
  'eventchain/prod/kubeconfig': 'kubeconfig',
  'eventchain/prod/website': 'website',
  'eventchain/prod/api': 'api',
  'eventchain/prod/ca': 'ca.pem',
  'eventchain/prod/prometheus': 'prometheus',
  'small/prod/redis': 'sessions',
  'small/prod/shop': 'shop',
  'small/prod/orders': 'orders',
  'small/prod/ca': 'ca.pem',
};

/** What stands in a bucket, by the folder in which the demo has it. */
const UPLOADS = [
  { bucket: 'eventchain-backups', prefix: 'database/full/', from: 'backups' },
  { bucket: 'eventchain-reports', prefix: 'trivy/', from: 'vulnerabilities/images' },
] as const;
const APPLICATION_LOG = '/eventchain/prod/application';
const LOGINS_LOG = '/eventchain/prod/auth';

/** Where things are, by what the demo calls them. */
export type Addresses = Readonly<Record<string, string>>;

/** Everything that the profiles of these tests have as a target, with its planted problems. */
export interface Targets {
  /** The kinds of target that this machine has no server for. */
  readonly missing: readonly TargetKind[];
  stop(): Promise<void>;
}

/**
 * Starts the servers of the demo with all of their problems, and plants those of the cloud: a backup that is cut short,
 * reports on images with flaws, a log without retention, a log of logins with a break-in. What an earlier run mended or left is gone. The addresses
 * that are given stand for those of the demo.
 */
export async function plantTargets(cloud: Cloud, now: Date, given: Addresses = {}): Promise<Targets> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-targets-'));
  // Where this is root, the database runs as another user, who must reach its own folder below.
  await chmod(folder, 0o755);
  const servers = await startServers({ folder, fresh: true, now, say: tellPerson });
  const stop = async () => {
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const addresses = Object.assign({}, ...servers.parts.map((part) => part.addresses)) as Addresses;
    await keepSecrets(cloud, { ...addresses, ...given });
    for (const upload of UPLOADS) await uploadFiles(cloud, upload, folder);
    await writeLogs(cloud, join(folder, 'logins'), now);
    return { missing: servers.missing, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function tellPerson(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function keepSecrets({ client }: Cloud, addresses: Addresses): Promise<void> {
  const secrets = new SecretsManagerClient({ ...client, ...awsClientSettings() });
  for (const [Name, address] of Object.entries(SECRETS)) {
    // A kind that this machine has no server for has no address.
    const SecretString = addresses[address] ?? 'http://127.0.0.1:1';
    try {
      await secrets.send(new CreateSecretCommand({ Name, SecretString }));
    } catch (thrown) {
      if (!(thrown instanceof ResourceExistsException)) throw thrown;
      await secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString }));
    }
  }
  secrets.destroy();
}

async function uploadFiles(
  { client }: Cloud,
  { bucket, prefix, from }: (typeof UPLOADS)[number],
  folder: string,
): Promise<void> {
  const s3 = new S3Client({ ...client, forcePathStyle: true, ...awsClientSettings() });
  // Of the one region in which it is no error to make one's own bucket again.
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const name of await readdir(join(folder, from))) {
    const Body = await readFile(join(folder, from, name));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}${name}`, Body }));
  }
  s3.destroy();
}

async function writeLogs({ client }: Cloud, folder: string, now: Date): Promise<void> {
  const logs = new CloudWatchLogsClient({ ...client, ...awsClientSettings() });
  const message = '192.0.2.7 GET /events/7 200 12 ms';
  await writeLog(logs, APPLICATION_LOG, [[{ timestamp: now.getTime() - 60_000, message }]]);
  // A file for each day, and a batch may not span more; the oldest first.
  const files = (await readdir(folder)).sort().reverse();
  const days = await Promise.all(files.map(async (name) => eventsOf(name, await readFile(join(folder, name)))));
  await writeLog(logs, LOGINS_LOG, days);
  logs.destroy();
}

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

async function writeLog(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  batches: readonly (readonly LogEvent[])[],
): Promise<void> {
  try {
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
  } catch (thrown) {
    if (!(thrown instanceof ResourceNotFoundException)) throw thrown;
  }
  const logStreamName = 'web-1';
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  for (const logEvents of batches) {
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [...logEvents] }));
  }
}

/** The lines of a log of logins, each with the time that it begins with. */
function eventsOf(name: string, content: Buffer): LogEvent[] {
  const text = (name.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((message) => ({ timestamp: Date.parse(message.slice(0, message.indexOf(' '))), message }));
}

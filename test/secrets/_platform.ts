import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import type { canaryBox } from './_canaries.ts';
import type { Parrot } from './_parrot.ts';

type Settings = Readonly<Record<string, string>>;

export interface SecretPlatform {
  /** A profile in which every secret is a reference. */
  readonly profile: string;
  /** What `env:` references need, and what stands in an environment besides. */
  readonly environment: Readonly<Record<string, string>>;
  /** Function name to the variables that it may know. */
  readonly mayKnow: (task: Task) => readonly string[];
}

/** Where a reference leads: each makes one from a name and a value. */
function referencesOf(folder: string, parrot: Parrot, environment: Record<string, string>) {
  return {
    env: (name: string, value: string) => {
      const variable = `SECRET_${name.replace(/\W/g, '_').toUpperCase()}`;
      environment[variable] = value;
      return Promise.resolve(`env:${variable}`);
    },
    file: async (name: string, value: string) => {
      await writeFile(join(folder, 'secrets', name), `${value}\n`, { mode: 0o600 });
      return `file:secrets/${name}`;
    },
    secret: (name: string, value: string) => {
      parrot.secrets.set(name, value);
      return Promise.resolve(`secret:${name}`);
    },
    key: (name: string, value: string) => {
      parrot.secrets.set(name, JSON.stringify({ username: 'app', value }));
      return Promise.resolve(`secret:${name}#value`);
    },
  };
}

/** A platform with targets of every kind behind a server that repeats their secrets, and every task that there is. */
export async function secretPlatform(
  folder: string,
  tasks: readonly Task[],
  parrot: Parrot,
  { take, takeKey }: ReturnType<typeof canaryBox>,
): Promise<SecretPlatform> {
  await mkdir(join(folder, 'secrets'), { recursive: true });
  const environment: Record<string, string> = {
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: take('AWS key', 'like base64'),
    AWS_SESSION_TOKEN: take('AWS session', 'long'),
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${parrot.port}`,
    PGPASSWORD: take('PGPASSWORD'),
    REDISCLI_AUTH: take('REDISCLI_AUTH'),
    DATABASE_URL: `postgres://a:${take('of nobody', 'plain')}@db/x`,
    SLACK_WEBHOOK: `https://hooks.example/${take('webhook', 'plain')}`,
  };
  const refer = referencesOf(folder, parrot, environment);
  const ways = Object.entries(refer);
  const host = `127.0.0.1:${parrot.port}`;
  const inUrl = (name: string) => encodeURIComponent(take(name));
  const header = (name: string, value = take(name, 'plain')) => `Bearer ${value}`;
  const targets: Record<TargetKind, Record<string, Settings>> = {
    postgres: {},
    redis: {},
    endpoints: {},
    kubernetes: {},
    metrics: {},
    backups: { local: { url: fileTarget(folder, 'backups') }, bucket: { url: 's3://fettle-secret-backups/full/' } },
    buckets: { local: { url: 's3://fettle-secret-objects/' } },
    logs: { local: { url: fileTarget(folder, 'logs') }, group: { url: 'cloudwatch-logs:/shop/app' } },
    hosts: { local: { tag: 'service=shop' } },
    repositories: { local: { url: fileTarget(folder, 'repository') } },
    aws: { local: {} },
  };
  const ca = await refer.file('ca.pem', parrot.authority);
  for (const [way, to] of ways) {
    const database = await to(`pg-${way}`, `postgres://app:${inUrl(`postgres ${way}`)}@${host}/main`);
    const inQuery = await to(`pgq-${way}`, `postgres://app@${host}/main?password=${inUrl(`postgres query ${way}`)}`);
    targets.postgres[`main-${way}`] = { url: database };
    targets.postgres[`query-${way}`] = { url: inQuery };
    targets.redis[`cache-${way}`] = { url: await to(`redis-${way}`, `redis://u:${inUrl(`redis ${way}`)}@${host}`) };
    targets.redis[`shop-${way}`] = { url: await to(`redis2-${way}`, `redis://:${inUrl(`redis only ${way}`)}@${host}`) };
    targets.endpoints[`web-${way}`] = {
      url: `http://${host}/fine`,
      authorization: await to(`web-${way}`, header(`endpoint ${way}`)),
    };
    targets.endpoints[`odd-${way}`] = {
      url: `https://localhost:${parrot.port}/refused`,
      authorization: await to(`odd-${way}`, way === 'file' ? takeKey('header') : take(`raw header ${way}`)),
      ca,
    };
    if (way === 'env' || way === 'secret') {
      targets.endpoints[`user-${way}`] = {
        url: await to(
          `user-${way}`,
          `http://${inUrl(`user ${way}`)}:${inUrl(`web ${way}`)}@${host}/fine?token=${inUrl(`t ${way}`)}`,
        ),
      };
    } else {
      targets.endpoints[`signed-${way}`] = {
        url: await to(
          `sig-${way}`,
          `https://localhost:${parrot.port}/fine/a?X-Amz-Signature=${inUrl(`s ${way}`)}&X-Amz-Security-Token=${inUrl(`st ${way}`)}`,
        ),
        ca,
      };
    }
    targets.metrics[`prom-${way}`] = {
      url: `http://${host}/${way === 'env' ? 'fine' : 'refused'}`,
      authorization: await to(`prom-${way}`, header(`metrics ${way}`)),
    };
    targets.metrics[`user-${way}`] = {
      url: await to(`promu-${way}`, `http://u:${inUrl(`prometheus ${way}`)}@${host}`),
    };
    const kubeconfig = kubeconfigOf(parrot, take(`kubernetes ${way}`, 'plain'), takeKey(`client key ${way}`));
    targets.kubernetes[`cluster-${way}`] = { kubeconfig: await to(`kube-${way}`, kubeconfig) };
  }
  parrot.secrets.set(
    'rds',
    JSON.stringify({ engine: 'postgres', host: '127.0.0.1', port: parrot.port, username: 'a', password: take('RDS') }),
  );
  targets.postgres['rds'] = { url: 'secret:rds' };
  await writeLogs(folder, take);
  const entries = tasks.map((task) => ({ [task.name]: task.examples[0] ?? {} }));
  const profile = join(folder, 'shop.yaml');
  // JSON is YAML.
  const changes = entries.filter((_, place) => tasks[place]?.effect !== 'read-only');
  const procedures = { daily: { tasks: [{ parallel: entries }] }, changes: { tasks: [{ parallel: changes }] } };
  const written = { platform: 'shop', targets, procedures };
  await writeFile(profile, JSON.stringify(written, null, 2));
  await chmod(profile, 0o644);
  const referenced = (kind: TargetKind) =>
    Object.values(targets[kind]).flatMap((settings) =>
      Object.values(settings).flatMap((text) => (text.startsWith('env:') ? [text.slice('env:'.length)] : [])),
    );
  return { profile, environment, mayKnow: ({ target }) => referenced(target) };
}

function fileTarget(folder: string, name: string): string {
  return `${pathToFileURL(join(folder, 'targets', name)).href}/`;
}

function kubeconfigOf(parrot: Parrot, token: string, key: string): string {
  const server = `https://localhost:${parrot.port}`;
  const cluster = { server, 'certificate-authority-data': Buffer.from(parrot.authority).toString('base64') };
  // The user of no context: only what is asked for may be used, and nothing may be shown.
  const other = { 'client-key-data': Buffer.from(key).toString('base64') };
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: prod',
    `clusters: [{ name: prod, cluster: ${JSON.stringify(cluster)} }]`,
    'contexts: [{ name: prod, context: { cluster: prod, user: prod } }]',
    'users:',
    '- name: prod',
    '  user:',
    `    token: ${token}`,
    `- { name: other, user: ${JSON.stringify(other)} }`,
  ].join('\n');
}

/** What people and programs write into logs although they should not. */
async function writeLogs(folder: string, take: (name: string, style?: string) => string): Promise<void> {
  for (const name of ['logs', 'backups', 'repository']) await mkdir(join(folder, 'targets', name), { recursive: true });
  const stamp = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString();
  const ssh = (text: string, ago: number) => `${stamp(ago)} web-1 sshd[812]: ${text}`;
  const lines = [
    ...Array.from({ length: 40 }, (_, at) =>
      ssh('Failed password for root from 203.0.113.7 port 50000 ssh2', 900 - at),
    ),
    ssh(`Failed password for invalid user ${take('typed as a user', 'plain')} from 203.0.113.7 port 50022 ssh2`, 500),
    ssh(`Invalid user ${take('typed as a user too', 'short')} from 203.0.113.7 port 50023`, 400),
    ssh('Accepted password for root from 203.0.113.7 port 50024 ssh2', 300),
    `${stamp(200)} web-1 shop[77]: GET /login?token=${take('token in a log', 'plain')} 401`,
    `${stamp(100)} web-1 shop[77]: Authorization: Bearer ${take('bearer in a log', 'like base64')}`,
  ];
  await writeFile(join(folder, 'targets', 'logs', 'auth.log'), `${lines.join('\n')}\n`);
  const dump = `CREATE ROLE app PASSWORD '${take('password in a dump', 'plain')}';\nCOPY public.users (id) FROM stdin;\n1\n`;
  await writeFile(join(folder, 'targets', 'backups', 'shop_20261121.sql'), dump);
}

/** A profile of somebody in a hurry: secrets where references belong. */
export async function writeCareless(folder: string, { take }: ReturnType<typeof canaryBox>): Promise<void> {
  const inUrl = (name: string) => encodeURIComponent(take(name));
  const targets = {
    postgres: { main: { url: `postgres://app:${inUrl('in a profile')}@db/x`, password: take('as a field', 'plain') } },
    redis: { cache: { url: `redis://:${inUrl('in a profile too')}@cache` } },
    endpoints: {
      web: { url: `https://web/?token=${inUrl('in a query')}`, authorization: `Bearer ${take('header', 'plain')}` },
    },
    kubernetes: { cluster: { kubeconfig: `users: [{ user: { token: ${take('kubeconfig', 'plain')} } }]` } },
  };
  await writeFile(join(folder, 'careless.yaml'), JSON.stringify({ platform: 'careless', targets }, null, 2));
}

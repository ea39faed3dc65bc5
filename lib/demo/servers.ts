import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeDemoBackups } from './backups.ts';
import { crashLoopingPod, completedPod, healthyPod, imagePullPod, podsOf } from './pods.ts';
import { plant } from './postgres-data.ts';
import { startKubernetesApi } from './servers/kubernetes.ts';
import { startPostgres } from './servers/postgres.ts';
import { createAuthority, issue, lifetime, startTlsServer } from './servers/tls.ts';

export interface DemoServers {
  /** What is where, for a person who wants to break something by hand. */
  readonly places: Readonly<Record<string, string>>;
  /** True where the database was planted anew. */
  readonly planted: boolean;
  stop(): Promise<void>;
}

/** Starts the servers of the demo's platform with their planted problems and writes their addresses. */
export async function startServers(
  folder: string,
  { fresh, now }: { fresh: boolean; now: Date },
): Promise<DemoServers> {
  const addresses = join(folder, 'addresses');
  await mkdir(addresses, { recursive: true, mode: 0o755 });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.allSettled(stops.toReversed().map((end) => end()));
  };
  try {
    const postgres = await startPostgres({ folder: join(folder, 'postgres') });
    stops.push(() => postgres.stop());
    const url = await postgres.createDatabase('eventchain');
    const planted = await plant(url, { fresh });
    const endpoints = await startEndpoints(now, stops);
    const cluster = await startKubernetesApi({ pods: demoPods(now) });
    stops.push(() => cluster.close());
    const backups = join(folder, 'backups');
    // What ages is made anew at each start.
    await rm(backups, { recursive: true, force: true });
    await writeDemoBackups(backups, now, { planted: 'cut-dump' });
    await writeAddresses(addresses, {
      postgres: url,
      ...endpoints,
      kubeconfig: cluster.kubeconfig,
      backups: `${pathToFileURL(backups).href}/`,
    });
    const places = {
      postgres: url,
      website: endpoints.website,
      api: endpoints.api,
      tickets: endpoints.tickets,
      cluster: cluster.url,
      backups,
    };
    return { places, planted, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Three endpoints of one authority: a healthy one, one whose renewal was forgotten, one with another's certificate. */
async function startEndpoints(now: Date, stops: (() => Promise<void>)[]) {
  const authority = await createAuthority({ name: 'Demo authority' });
  const certificates = {
    website: await issue({ authority, names: ['localhost'], ...lifetime(90, { leftDays: 60, now }) }),
    api: await issue({ authority, names: ['localhost'], ...lifetime(90, { leftDays: 4, now }) }),
    tickets: await issue({ authority, names: ['shop.example.org'], ...lifetime(90, { leftDays: 60, now }) }),
  };
  const urls: Record<string, string> = {};
  for (const [name, { certificate, chain, privateKey }] of Object.entries(certificates)) {
    const server = await startTlsServer({ certificates: [certificate, ...chain], privateKey });
    stops.push(server.close);
    // The address, not the name: what "localhost" means differs from machine to machine.
    urls[name] = `https://localhost:${server.port}`;
  }
  return {
    website: urls['website'] ?? '',
    api: urls['api'] ?? '',
    tickets: urls['tickets'] ?? '',
    'ca.pem': authority.certificate,
  };
}

function demoPods(now: Date) {
  return [
    ...podsOf(3, { workload: 'web', now }, healthyPod),
    ...podsOf(2, { workload: 'api', now }, healthyPod),
    crashLoopingPod({ workload: 'worker', now }),
    imagePullPod({ workload: 'mailer', now }),
    completedPod({ workload: 'nightly-export', kind: 'Job', now }),
  ];
}

/** The files hold a password: they are for this user alone. */
async function writeAddresses(folder: string, addresses: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, address] of Object.entries(addresses)) {
    const file = join(folder, name);
    await writeFile(file, `${address}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  }
}

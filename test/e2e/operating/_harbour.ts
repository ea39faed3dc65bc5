import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exit, fettle, type Start } from '../../bad-inputs/_fettle.ts';
import { bootstrap, deploy, type StackOutputs } from '../cloud/deploy.ts';
import { cloudEnvironment } from '../cloud/environment.ts';
import { ACCOUNT, type Cloud, REGION, startCloud } from '../cloud/server.ts';

/** A platform that is deployed, with a website that answers, one that does not, and the real command line. */
export interface Harbour {
  readonly cloud: Cloud;
  readonly outputs: StackOutputs;
  /** The profile as it was deployed. */
  readonly profile: string;
  /** Another profile of the same folder, by what is changed in the text of the deployed one. */
  variation(name: string, from: string, to: string): Promise<string>;
  fettle(words: readonly string[], start?: Partial<Start>): Promise<Exit>;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Long enough to stop an execution on the way. */
const SLOW_MS = 20_000;

/** Its window is open at another time of the day than now. */
function profileText(now: Date): string {
  const [opens, closes] = [6, 8].map((hours) => new Date(now.getTime() + hours * HOUR_MS).getUTCHours());
  const hour = (at: number | undefined) => `${String(at).padStart(2, '0')}:00`;
  return `platform: harbour
allowAddresses: [127.0.0.0/8]
environments:
  prod:
    account: '${ACCOUNT}'
    region: ${REGION}
    targets:
      endpoints:
        website: { url: secret:harbour/website }
        shop: { url: secret:harbour/shop }
procedures:
  daily:
    schedule: cron(0 ${String(opens)} * * ? *)
    window: ${hour(opens)}-${hour(closes)}
    tasks:
      - endpoints-check-health
      - endpoints-warm-cache: { targets: [website], paths: [/], expectCached: false }
  slow:
    tasks:
      - endpoints-warm-cache: { targets: [website], paths: [/slow], expectCached: false }
  checks:
    schedule: rate(1 hour)
    budget: 5m
    tasks:
      - endpoints-check-health: { targets: [website] }
`;
}

/** Deploys the platform by the real command of the CDK. Throws where there is no test cloud. */
export async function startHarbour(name: string): Promise<Harbour> {
  const environment = await cloudEnvironment();
  if ('missing' in environment) throw new Error(environment.missing);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-harbour-')));
  const work = join(folder, 'work');
  await mkdir(work);
  const text = profileText(new Date());
  const profile = join(folder, 'harbour.yaml');
  await writeFile(profile, text);
  const website = createServer(({ url }, response) => {
    setTimeout(() => response.end('<html>open</html>'), url === '/slow' ? SLOW_MS : 0).unref();
  }).listen(0, '127.0.0.1');
  await once(website, 'listening');
  const cloud = await startCloud({ python: environment.python, name });
  const stop = async () => {
    website.close();
    website.closeAllConnections();
    await cloud.stop();
    await rm(folder, { recursive: true });
  };
  try {
    await keepAddresses(cloud, (website.address() as AddressInfo).port);
    await bootstrap(cloud);
    const outputs = (await deploy(cloud, profile))['fettle-harbour-prod'] ?? {};
    return {
      cloud,
      outputs,
      profile,
      variation: async (other, from, to) => {
        const file = join(folder, `${other}.yaml`);
        if (!text.includes(from)) throw new Error(`the profile has no ${from}`);
        await writeFile(file, text.replaceAll(from, to));
        return file;
      },
      fettle: (words, start = {}) => fettle(words, { cwd: work, env: cloud.environment, ...start }),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function keepAddresses(cloud: Cloud, port: number): Promise<void> {
  const secrets = new SecretsManagerClient(cloud.client);
  // Nobody listens on port 1.
  const addresses = { 'harbour/website': `http://127.0.0.1:${port}`, 'harbour/shop': 'http://127.0.0.1:1' };
  for (const [Name, SecretString] of Object.entries(addresses))
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
  secrets.destroy();
}
